import { useEffect, useState } from "preact/hooks";

import { products } from "../api/clients";
import type { Alert } from "../gen/atlant/v1/alert_pb";
import type { Product } from "../gen/atlant/v1/product_pb";
import { known, remember } from "../product/known";
import { scopeOf } from "./rule";

/** The product of an id; undefined until it is known, and while nothing is known of it. */
export function useProduct(id: string): Product | undefined {
  const [, setLoaded] = useState("");
  const product = id ? known(id) : undefined;
  useEffect(() => {
    if (!id || known(id)) {
      return;
    }
    const calls = new AbortController();
    const take = (product?: Product) => {
      if (product) {
        remember(product);
        setLoaded(id);
      }
    };
    products.get({ id }, { signal: calls.signal }).then((answer) => take(answer.product), () => undefined); // its id will do
    return () => calls.abort();
  }, [id]);
  return product;
}

/** Which products an alert is about, with a link to them. */
export function Watched({ alert }: { alert: Alert }) {
  switch (scopeOf(alert)) {
    case "product":
      return <ProductLink id={alert.productId} />;
    case "match": {
      const values = new URLSearchParams();
      if (alert.query) {
        values.set("q", alert.query);
      }
      if (alert.source) {
        values.set("source", alert.source);
      }
      return (
        <a class="quiet" href={`/?${values}`}>
          {alert.query && `“${alert.query}”`}
          {alert.query && alert.source && " "}
          {alert.source && `of ${alert.source}`}
        </a>
      );
    }
    case "all":
      return (
        <a class="quiet" href="/">
          All products
        </a>
      );
  }
}

/** The name of a product, or its id as long as that is all there is. */
export function ProductLink({ id }: { id: string }) {
  const product = useProduct(id);
  return (
    <a class="quiet" href={`/products/${id}`}>
      {product?.name ?? id}
    </a>
  );
}
