import { Component, createRef } from "preact";

import { Delta } from "../elements/delta";
import { stillness } from "../elements/media";
import { Ago } from "../elements/moment";
import { formatCount } from "../format/count";
import { formatPrice } from "../format/money";
import type { Row } from "./productlist";

interface Props {
  row: Row;
  index: number;
  /** Pixels from the top of the list. */
  top: number;
  narrow: boolean;
  withSource: boolean;
}

const fresh = 1_200; // how long a row flashes, in milliseconds

/** A product in the table. It is rendered again only if something of it changed, and flashes if that was its price. */
export class ProductRow extends Component<Props> {
  private readonly element = createRef<HTMLDivElement>();
  private flashed = 0;

  override shouldComponentUpdate(next: Props): boolean {
    return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== this.props[key]);
  }

  override componentDidMount(): void {
    this.flash();
  }

  override componentDidUpdate(): void {
    this.flash();
  }

  private flash(): void {
    const { moved } = this.props.row;
    if (!moved || moved.at === this.flashed || Date.now() - moved.at > fresh) {
      return;
    }
    this.flashed = moved.at;
    const element = this.element.current!;
    const backgroundColor = moved.up ? "var(--up-flash)" : "var(--down-flash)";
    const duration = stillness.peek() ? fresh / 2 : fresh;
    element.animate([{ backgroundColor }, { backgroundColor, offset: 0.25 }, {}], { duration, easing: "ease-out" });
  }

  override render({ row: { product, moved }, index, top, narrow, withSource }: Props) {
    return (
      <div
        ref={this.element}
        role="row"
        class="row long-row product-row"
        aria-rowindex={index + 2}
        data-index={index}
        data-moved={moved?.at}
        style={{ transform: `translateY(${top}px)` }}
      >
        <div role="cell" class="name">
          <a href={`/products/${product.id}`}>{product.name}</a>
          {withSource && !narrow && <span class="tag">{product.source}</span>}
        </div>
        <div role="cell" class="price">
          {formatPrice(product.price)}
        </div>
        <div role="cell" class="moved">
          <Delta from={product.previousPrice} to={product.price} />
          {!narrow && product.previousPrice && <span class="was">{formatPrice(product.previousPrice)}</span>}
        </div>
        <div role="cell" class={product.priceChanges === 0n ? "changes none" : "changes"}>
          {formatCount(product.priceChanges)}
          {narrow && (product.priceChanges === 1n ? " change" : " changes")}
        </div>
        <div role="cell" class="changed">
          <Ago time={product.priceChangedAt} narrow={narrow} />
        </div>
        <div role="cell" class="first-seen">
          <Ago time={product.firstObservedAt} />
        </div>
      </div>
    );
  }
}
