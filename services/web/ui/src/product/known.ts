import type { Product } from "../gen/atlant/v1/product_pb";

// Products that were in a list: a page of one of them shows what is known at once, and asks for the rest.

const atMost = 2_000;
const products = new Map<string, Product>();

export function remember(product: Product): void {
  products.delete(product.id);
  products.set(product.id, product);
  if (products.size > atMost) {
    products.delete(products.keys().next().value!);
  }
}

export const known = (id: string): Product | undefined => products.get(id);
