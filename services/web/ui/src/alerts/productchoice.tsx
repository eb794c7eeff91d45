import { useEffect, useRef, useState } from "preact/hooks";

import { products } from "../api/clients";
import { failureText, isCalledOff } from "../api/failure";
import { formatPrice } from "../format/money";
import type { Product } from "../gen/atlant/v1/product_pb";
import { remember } from "../product/known";
import { useProduct } from "./watched";

interface Props {
  /** Of the product that is chosen; empty if none is. */
  id: string;
  failure?: string;
  onChosen: (id: string) => void;
}

/** Shows the product that is chosen, or searches for one. */
export function ProductChoice({ id, failure, onChosen }: Props) {
  const [given, setGiven] = useState(id !== "");
  const product = useProduct(id);
  if (!given || failure) {
    return <ProductSearch id={id} failure={failure} onChosen={onChosen} />;
  }
  return (
    <div class="chosen" role="group" aria-label="Product">
      <span class="name">{product?.name ?? id}</span>
      {product && <span class="tag">{product.source}</span>}
      <span class="price">{formatPrice(product?.price)}</span>
      <button type="button" class="button small" onClick={() => setGiven(false)}>
        Another
      </button>
    </div>
  );
}

const typingPause = 160; // milliseconds without a key before one searches
const shown = 5;

function ProductSearch({ id, failure, onChosen }: Props) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<readonly Product[] | undefined>(undefined);
  const [searchFailure, setSearchFailure] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const chosen = useProduct(id);
  useEffect(() => input.current!.focus(), []);
  useEffect(() => {
    const calls = new AbortController();
    const search = async () => {
      try {
        const page = await products.list({ query: text.trim(), pageSize: shown }, { signal: calls.signal });
        page.products.forEach(remember);
        setFound(page.products);
        setSearchFailure("");
      } catch (error) {
        if (!isCalledOff(error, calls.signal)) {
          setSearchFailure(failureText(error));
        }
      }
    };
    const timer = setTimeout(() => void search(), text ? typingPause : 0);
    return () => {
      clearTimeout(timer);
      calls.abort();
    };
  }, [text]);
  const offered = chosen && !found?.some((product) => product.id === chosen.id) ? [chosen, ...(found ?? [])] : found;
  const fault = failure || searchFailure;
  return (
    <div class="field">
      <label for="alert-product">Product</label>
      <input
        ref={input}
        id="alert-product"
        type="search"
        placeholder="Search products"
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
        value={text}
        aria-invalid={failure ? true : undefined}
        aria-describedby={fault ? "alert-product-failure" : undefined}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()} // it searches by itself, and the form is not filled yet
      />
      {fault && (
        <p id="alert-product-failure" class="field-failure" role="alert">
          {fault}
        </p>
      )}
      {offered?.length === 0 && <p class="hint">No product matches.</p>}
      {offered && offered.length > 0 && (
        <div class="offered" role="radiogroup" aria-label="Products found">
          {offered.map((product) => (
            <label key={product.id}>
              <input type="radio" name="product" checked={product.id === id} onChange={() => onChosen(product.id)} />
              <span class="name">{product.name}</span>
              <span class="tag">{product.source}</span>
              <span class="price">{formatPrice(product.price)}</span>
            </label>
          ))}
        </div>
      )}
    </div>
  );
}
