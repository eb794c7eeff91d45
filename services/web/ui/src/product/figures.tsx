import type { ComponentChildren } from "preact";

import { Ago, Moment } from "../elements/moment";
import { formatCount } from "../format/count";
import { formatPermille, formatPrice } from "../format/money";
import type { PriceStatistics, Product } from "../gen/atlant/v1/product_pb";

/** The figures of a product: those of its prices as far as the server has them. */
export function Figures({ product, statistics }: { product: Product; statistics?: PriceStatistics }) {
  return (
    <section class="card figures" aria-label="Figures">
      {statistics?.lowest && statistics.highest && <Spread product={product} statistics={statistics} />}
      <dl>
        {statistics?.median && (
          <Figure name="Median" hint="At most this for half of the time">
            {formatPrice(statistics.median)}
          </Figure>
        )}
        {statistics?.prior30Days && (
          <Figure name="30-day lowest" hint="The lowest price in the 30 days before the last change (EU directive 98/6/EC)">
            {formatPrice(statistics.prior30Days)}
          </Figure>
        )}
        {statistics && statistics.volatilityPpm > 0n && (
          <Figure name="Volatility" hint="Standard deviation of the relative changes">
            {formatPermille((statistics.volatilityPpm + 500n) / 1_000n)}
          </Figure>
        )}
        <Figure name="Changes">{formatCount(product.priceChanges)}</Figure>
        {product.priceChangedAt && (
          <Figure name="Last changed">
            <Ago time={product.priceChangedAt} />
          </Figure>
        )}
        <Figure name="Last seen">
          <Ago time={product.observedAt} />
        </Figure>
        <Figure name="First seen">
          <Moment time={product.firstObservedAt} />
        </Figure>
      </dl>
      {statistics?.truncated && <p class="aside">The figures are of the latest 10,000 changes.</p>}
    </section>
  );
}

function Figure({ name, hint, children }: { name: string; hint?: string; children: ComponentChildren }) {
  return (
    <div title={hint}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Where the price is between the lowest and the highest that there was. */
function Spread({ product, statistics }: { product: Product; statistics: PriceStatistics }) {
  const lowest = statistics.lowest!;
  const highest = statistics.highest!;
  const place = (micros = 0n) => {
    const span = highest.amountMicros - lowest.amountMicros;
    return span === 0n ? 50 : Number(((micros - lowest.amountMicros) * 1_000n) / span) / 10;
  };
  return (
    <div class="spread">
      <div class="spread-ends">
        <span>
          <em>Lowest</em> <strong>{formatPrice(lowest)}</strong> <Ago time={statistics.lowestAt} />
        </span>
        <span>
          <em>Highest</em> <strong>{formatPrice(highest)}</strong> <Ago time={statistics.highestAt} />
        </span>
      </div>
      <div class="spread-bar" aria-hidden="true">
        {statistics.median && <i class="median" style={{ left: `${place(statistics.median.amountMicros)}%` }} />}
        <i class="here" style={{ left: `${place(product.price?.amountMicros)}%` }} />
      </div>
    </div>
  );
}
