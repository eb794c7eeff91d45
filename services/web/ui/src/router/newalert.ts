import { routeOf } from "./routes";

/** Where an alert about a product is added. */
export const newAlertAbout = (productId: string): string => `/alerts?new&product=${productId}`;

/** Where an alert is added by somebody who is at a path: about its product, if it is that of one. */
export function newAlertFrom(path: string): string {
  const route = routeOf(path);
  return route.page === "product" ? newAlertAbout(route.id) : "/alerts?new";
}
