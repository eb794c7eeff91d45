import { useEffect } from "preact/hooks";

import { Dialog } from "../elements/dialog";
import { BellIcon, PlusIcon } from "../elements/icons";
import { Failure, Notice } from "../elements/notice";
import { TableHead } from "../elements/tablehead";
import { useTitle } from "../elements/title";
import { say } from "../elements/toast";
import { back, navigate, query } from "../router/location";
import { listKeys } from "../shell/listkeys";
import { useAlerts, useLastDeliveries } from "./follow";
import { AlertForm } from "./form";
import { AlertRow } from "./row";

/** Rules about price changes. Whether one is being added is in the URL: ?new, with &product=ID for one about that product. */
export function AlertsPage() {
  useTitle("Alerts");
  const { list, more, failure, loadMore, reload } = useAlerts();
  const last = useLastDeliveries(list);
  useEffect(() => listKeys(".alert-row .name a"), []);
  return (
    <>
      <header class="page-head">
        <h1>Alerts</h1>
        <div class="actions">
          <a class="button primary" href="/alerts?new">
            <PlusIcon />
            Add an alert
          </a>
        </div>
      </header>
      {failure !== undefined && !list && <Failure error={failure} onRetry={reload} />}
      {list?.length === 0 && (
        <Notice title="No alert yet" icon={<BellIcon />}>
          <p>
            An alert tells a program of yours when a price moves, or crosses a threshold: Atlant posts a signed webhook to its URL. It can watch one
            product, those whose names match, or all of them.
          </p>
          <a class="button" href="/alerts?new">
            Add an alert
          </a>
        </Notice>
      )}
      {list && list.length > 0 && (
        <div class="table alerts" role="table" aria-label="Alerts">
          <TableHead columns={["Alert", "Fires when its price", "Posts to", "Last delivery"]} />
          <div role="rowgroup">
            {list.map((alert) => (
              <AlertRow key={alert.name} alert={alert} last={last.get(alert.name)} onChanged={reload} />
            ))}
          </div>
        </div>
      )}
      {more && (
        <button type="button" class="button more-button" onClick={loadMore}>
          Show more
        </button>
      )}
      {list && <NewAlert />}
    </>
  );
}

/** Whoever came from a product goes back to it, unless an alert was made. */
function NewAlert() {
  const values = new URLSearchParams(query.value);
  if (!values.has("new")) {
    return null;
  }
  const product = values.get("product") ?? "";
  return (
    <Dialog title="Add an alert" onClose={() => back(product ? `/products/${product}` : "/alerts")}>
      <AlertForm
        productId={product}
        onSaved={({ name }) => {
          say("The alert is added");
          navigate(`/alerts/${name}`, { replace: true });
        }}
      />
    </Dialog>
  );
}
