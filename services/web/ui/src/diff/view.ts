/** What of a comparison is shown, and how: what the URL holds. */
export interface View {
  /** Ids of the fetches; empty: not chosen yet. */
  a: string;
  b: string;
  show: Show;
  sort: Sort;
  /** Words that must all be in the name. */
  query: string;
}

export type Show = "all" | "changed" | "added" | "missing";

/** By name, or by how much the price moved: down first, or up first. */
export type Sort = "name" | "-name" | "move" | "-move";

const shows: readonly string[] = ["all", "changed", "added", "missing"] satisfies Show[];
const sorts: readonly string[] = ["name", "-name", "move", "-move"] satisfies Sort[];

export function readView(search: string): View {
  const values = new URLSearchParams(search);
  const value = (key: string) => values.get(key) ?? "";
  return {
    a: value("a"),
    b: value("b"),
    show: shows.includes(value("show")) ? (value("show") as Show) : "all",
    sort: sorts.includes(value("sort")) ? (value("sort") as Sort) : "name",
    query: value("q"),
  };
}

/** The address of a view. */
export function addressOf(view: Partial<View>): string {
  const values = new URLSearchParams();
  const set = (key: string, value?: string) => value && values.set(key, value);
  set("a", view.a);
  set("b", view.b);
  set("show", view.show === "all" ? "" : view.show);
  set("sort", view.sort === "name" ? "" : view.sort);
  set("q", view.query);
  const text = values.toString();
  return "/fetches/diff" + (text && `?${text}`);
}
