import { useEffect } from "preact/hooks";

import { failureText } from "../api/failure";
import { Ago } from "../elements/moment";
import { formatCount } from "../format/count";
import type { Delivery } from "../gen/atlant/v1/alert_pb";
import { listKeys } from "../shell/listkeys";
import { DeliveryBadge } from "./states";
import { ProductLink } from "./watched";

interface Props {
  list?: readonly Delivery[];
  failure?: unknown;
  more: boolean;
  loadMore: () => void;
}

/** What became of an alert's webhooks. */
export function Deliveries({ list, failure, more, loadMore }: Props) {
  useEffect(() => listKeys(".delivery-row a"), []);
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries" class="section-head">
        Deliveries
      </h2>
      {failure !== undefined && (
        <p class="form-failure" role="alert">
          {failureText(failure)}
        </p>
      )}
      {list?.length === 0 && <p class="nothing">Nothing was posted yet. A test shows whether the receiver takes it.</p>}
      {list && list.length > 0 && (
        <div class="table deliveries" role="table" aria-labelledby="deliveries">
          <div role="rowgroup" class="table-head">
            <div role="row" class="row">
              <div role="columnheader">State</div>
              <div role="columnheader">About</div>
              <div role="columnheader" class="number">
                Status
              </div>
              <div role="columnheader" class="number">
                Attempts
              </div>
              <div role="columnheader">Fired</div>
              <div role="columnheader">Last attempt</div>
            </div>
          </div>
          <div role="rowgroup">
            {list.map((delivery) => (
              <DeliveryRow key={delivery.id} delivery={delivery} />
            ))}
          </div>
        </div>
      )}
      {more && (
        <button type="button" class="button more-button" onClick={loadMore}>
          Show older ones
        </button>
      )}
    </section>
  );
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  return (
    <div role="row" class="row delivery-row">
      <div role="cell" class="state-cell">
        <DeliveryBadge state={delivery.state} />
      </div>
      <div role="cell" class="what">
        {delivery.productId ? <ProductLink id={delivery.productId} /> : <span>A test</span>}
        {delivery.error && <span class="error">{delivery.error}</span>}
      </div>
      <div role="cell" class="number status">
        {delivery.statusCode > 0 ? delivery.statusCode : <span class="dim">–</span>}
      </div>
      <div role="cell" class="number attempts">
        {formatCount(delivery.attempts)}
        <span class="word">{delivery.attempts === 1 ? " attempt" : " attempts"}</span>
      </div>
      <div role="cell" class="fired">
        <Ago time={delivery.firedAt} />
      </div>
      <div role="cell" class="attempted">
        {delivery.attemptedAt ? <Ago time={delivery.attemptedAt} /> : <span class="dim">–</span>}
        {delivery.nextAttemptAt && (
          <span class="dim">
            next <Ago time={delivery.nextAttemptAt} />
          </span>
        )}
      </div>
    </div>
  );
}
