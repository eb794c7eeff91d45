export type Route =
  | { page: "products" }
  | { page: "product"; id: string }
  | { page: "fetches" }
  | { page: "diff" }
  | { page: "fetch"; id: string }
  | { page: "sources" }
  | { page: "alerts" }
  | { page: "alert"; name: string }
  | { page: "status" }
  | { page: "nowhere" };

/** The page of a path. The handler in Go knows the same paths. */
export function routeOf(path: string): Route {
  const parts = path.slice(1).split("/");
  const [first, id] = parts;
  if (parts.length === 1) {
    switch (first) {
      case "":
        return { page: "products" };
      case "fetches":
      case "sources":
      case "alerts":
      case "status":
        return { page: first };
    }
  }
  if (parts.length === 2 && id) {
    switch (first) {
      case "products":
        return { page: "product", id };
      case "fetches":
        return id === "diff" ? { page: "diff" } : { page: "fetch", id };
      case "alerts":
        return { page: "alert", name: id };
    }
  }
  return { page: "nowhere" };
}
