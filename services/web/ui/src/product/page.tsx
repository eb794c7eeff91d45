import { Code } from "@connectrpc/connect";
import { useEffect, useRef, useState } from "preact/hooks";

import { products } from "../api/clients";
import { hasCode, isCalledOff } from "../api/failure";
import { Crumb } from "../elements/crumb";
import { Delta } from "../elements/delta";
import { BellIcon } from "../elements/icons";
import { stillness } from "../elements/media";
import { Failure, Notice } from "../elements/notice";
import { useTitle } from "../elements/title";
import { formatCount, plural } from "../format/count";
import { formatPrice } from "../format/money";
import type { Change, GetResponse, Product } from "../gen/atlant/v1/product_pb";
import { live, watchChanges } from "../products/watch";
import { back } from "../router/location";
import { newAlertAbout } from "../router/newalert";
import { addKeys } from "../shell/keyboard";
import { ChangeFiles, ChangeList } from "./changes";
import { PriceChart } from "./chart";
import { Figures } from "./figures";
import { loadHistory } from "./history";
import { known, remember } from "./known";
import { Provenance } from "./provenance";
import type { History } from "./steps";
import { mergeChanges, stepsOf } from "./steps";

export function ProductPage({ id }: { id: string }) {
  const [answer, setAnswer] = useState<Partial<GetResponse>>({ product: known(id) });
  const [history, setHistory] = useState<History | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [attempt, setAttempt] = useState(0);
  const product = answer.product;
  useTitle(product?.name ?? "Product");
  useEffect(() => addKeys({ Escape: () => back("/") }), []);

  useEffect(() => {
    const calls = new AbortController();
    const { signal } = calls;
    const get = async () => {
      const got = await products.get({ id }, { signal });
      if (got.product) {
        remember(got.product);
      }
      setAnswer(got);
      setFailure(undefined);
    };
    const later: Change[] = []; // what was watched while the history was loaded
    void watchChanges({ source: "", query: "", productIds: [id] }, "", signal, ({ changes }) => {
      if (changes.length === 0) {
        return;
      }
      later.push(...changes.flatMap(({ change }) => change ?? []));
      setHistory((before) => before && mergeChanges(before, later));
      void get().catch(() => undefined); // the change itself is shown already
    });
    Promise.all([get(), loadHistory(id, signal, (loaded) => setHistory(mergeChanges(loaded, later)))]).catch(
      (error: unknown) => isCalledOff(error, signal) || setFailure(error),
    );
    return () => calls.abort();
  }, [id, attempt]);

  if (failure !== undefined) {
    return hasCode(failure, Code.NotFound, Code.InvalidArgument) ? (
      <Notice title="There is no such product" whole>
        <a class="button" href="/">
          All products
        </a>
      </Notice>
    ) : (
      <Failure error={failure} whole onRetry={() => setAttempt(attempt + 1)} />
    );
  }
  if (!product) {
    return null;
  }
  return (
    <article class="product-page">
      <Head product={product} />
      <div class="columns">
        <div class="column-wide">
          <PriceCard product={product} history={history} />
          <section class="card" aria-labelledby="changes">
            <div class="card-head">
              <h2 id="changes">
                Changes <span class="count">{formatCount(product.priceChanges)}</span>
              </h2>
              {product.priceChanges > 0n && <ChangeFiles id={id} />}
            </div>
            {history && <ChangeList history={history} />}
          </section>
        </div>
        <div class="column-side">
          <Figures product={product} statistics={answer.statistics} />
          <Provenance id={id} changes={product.priceChanges} />
        </div>
      </div>
    </article>
  );
}

function Head({ product }: { product: Product }) {
  return (
    <header class="product-head">
      <Crumb
        to="/"
        name="Products"
        onClick={(event) => {
          if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
            event.preventDefault();
            back("/");
          }
        }}
      />
      <div class="product-title">
        <h1>{product.name}</h1>
        <a class="tag" href={`/?source=${encodeURIComponent(product.source)}`} aria-label={`Source ${product.source}`}>
          {product.source}
        </a>
        {live.value && (
          <span class="live">
            <span class="dot" />
            Live
          </span>
        )}
        <div class="actions">
          <a class="button" href={newAlertAbout(product.id)}>
            <BellIcon />
            Alert me
          </a>
        </div>
      </div>
    </header>
  );
}

const day = 86_400_000;
const spans: [string, number][] = [
  ["1 h", day / 24],
  ["24 h", day],
  ["7 d", 7 * day],
  ["30 d", 30 * day],
  ["1 y", 365 * day],
  ["All", 0],
];

function PriceCard({ product, history }: { product: Product; history?: History }) {
  const [span, setSpan] = useState(0);
  const steps = history ? stepsOf(product, history) : [];
  const whole = steps.length > 1 ? steps.at(-1)!.time - steps[0]!.time : 0;
  const offered = spans.filter(([, length]) => length < whole);
  return (
    <section class="card price-card" aria-label="Price">
      <div class="price-head">
        <div>
          <BigPrice product={product} />
          <p class="price-was">
            <Delta from={product.previousPrice} to={product.price} />
            {product.previousPrice ? <span>from {formatPrice(product.previousPrice)}</span> : <span>never changed</span>}
          </p>
        </div>
        {offered.length > 1 && (
          <div class="spans" role="group" aria-label="Time span">
            {offered.map(([name, length]) => (
              <button key={name} type="button" aria-pressed={span === length} onClick={() => setSpan(length)}>
                {name}
              </button>
            ))}
          </div>
        )}
      </div>
      {steps.length > 1 ? (
        <PriceChart steps={steps} currency={product.price?.currencyCode ?? ""} span={span} label={chartLabel(product)} />
      ) : (
        <div class="chart-empty">{history && "Seen once so far: the chart begins with the next fetch."}</div>
      )}
      {history?.more && <p class="aside">The newest 10,000 changes.</p>}
    </section>
  );
}

function chartLabel(product: Product): string {
  return `Price of ${product.name} over time: ${plural(product.priceChanges, "change")}, now ${formatPrice(product.price)}. All are listed under Changes.`;
}

/** The price now. It flashes when it changes. */
function BigPrice({ product }: { product: Product }) {
  const element = useRef<HTMLParagraphElement>(null);
  const before = useRef(product.price);
  useEffect(() => {
    const was = before.current;
    before.current = product.price;
    if (!was || !product.price || was.amountMicros === product.price.amountMicros) {
      return;
    }
    const color = product.price.amountMicros > was.amountMicros ? "var(--up)" : "var(--down)";
    element.current!.animate([{ color }, { color, offset: 0.4 }, {}], { duration: stillness.peek() ? 600 : 1_600, easing: "ease-out" });
  }, [product.price]);
  return (
    <p class="big-price" ref={element}>
      {formatPrice(product.price)}
    </p>
  );
}
