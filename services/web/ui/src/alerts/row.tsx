import { Ago } from "../elements/moment";
import type { Alert, Delivery } from "../gen/atlant/v1/alert_pb";
import { AlertActions } from "./actions";
import { conditionText } from "./condition";
import { AlertBadge, DeliveryBadge } from "./states";
import { Watched } from "./watched";

interface Props {
  alert: Alert;
  /** Null if nothing was posted, undefined if that is not known yet. */
  last?: Delivery | null;
  onChanged: () => void;
}

export function AlertRow({ alert, last, onChanged }: Props) {
  const { what, more } = conditionText(alert.condition);
  return (
    <div role="row" class="row alert-row">
      <div role="cell" class="what">
        <div class="name">
          <a href={`/alerts/${alert.name}`}>{alert.name}</a>
          {alert.paused && <AlertBadge alert={alert} />}
        </div>
        <div class="watched">
          <Watched alert={alert} />
        </div>
      </div>
      <div role="cell" class="when">
        {what}
        {more && <span class="dim">{more}</span>}
      </div>
      <div role="cell" class="to">
        {alert.webhookHost}
        {alert.pausedReason && alert.pausedReason !== last?.error && <span class="bad">{alert.pausedReason}</span>}
      </div>
      <div role="cell" class="last">
        {last && (
          <>
            <span class="last-delivery">
              <DeliveryBadge state={last.state} />
              <span class="dim">
                <Ago time={last.attemptedAt ?? last.firedAt} narrow />
              </span>
            </span>
            {last.error && <span class="error">{last.error}</span>}
          </>
        )}
        {last === null && <span class="dim">never</span>}
      </div>
      <div role="cell" class="actions">
        <AlertActions alert={alert} onChanged={onChanged} />
      </div>
    </div>
  );
}
