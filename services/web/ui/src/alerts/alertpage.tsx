import { Code } from "@connectrpc/connect";
import { useEffect } from "preact/hooks";

import { alerts } from "../api/clients";
import { hasCode } from "../api/failure";
import { Crumb } from "../elements/crumb";
import { Dialog } from "../elements/dialog";
import { Moment } from "../elements/moment";
import { Failure, Notice } from "../elements/notice";
import { Removal } from "../elements/removal";
import { useTitle } from "../elements/title";
import { say } from "../elements/toast";
import type { Alert } from "../gen/atlant/v1/alert_pb";
import { back, navigate, query } from "../router/location";
import { addKeys } from "../shell/keyboard";
import { AlertActions } from "./actions";
import { conditionText } from "./condition";
import { Deliveries } from "./deliveries";
import { useAlert, useDeliveries } from "./follow";
import { AlertForm } from "./form";
import { AlertBadge } from "./states";
import { Watched } from "./watched";

/** One alert, and what became of its webhooks. Which dialog is open is in the URL: ?edit or ?delete. */
export function AlertPage({ name }: { name: string }) {
  useTitle(name);
  const { alert, failure, reload } = useAlert(name);
  const deliveries = useDeliveries(name);
  useEffect(() => addKeys({ Escape: () => back("/alerts") }), []);
  if (failure !== undefined && hasCode(failure, Code.NotFound, Code.InvalidArgument)) {
    return (
      <Notice title="There is no such alert" whole>
        <a class="button" href="/alerts">
          All alerts
        </a>
      </Notice>
    );
  }
  if (failure !== undefined && !alert) {
    return <Failure error={failure} whole onRetry={reload} />;
  }
  if (!alert) {
    return null;
  }
  const changed = () => {
    reload();
    deliveries.reload();
  };
  return (
    <article class="alert-page">
      <header class="product-head">
        <Crumb to="/alerts" name="Alerts" />
        <div class="product-title">
          <h1>{alert.name}</h1>
          <AlertBadge alert={alert} />
          <div class="actions">
            <AlertActions alert={alert} worded onChanged={changed} />
          </div>
        </div>
      </header>
      {alert.pausedReason && (
        <p class="warning" role="note">
          It was paused because {alert.pausedReason}. Resume it once its receiver wants webhooks again.
        </p>
      )}
      <Rule alert={alert} />
      <Deliveries {...deliveries} />
      <Dialogs alert={alert} onChanged={reload} />
    </article>
  );
}

function Rule({ alert }: { alert: Alert }) {
  const { what, more } = conditionText(alert.condition);
  return (
    <section class="card" aria-label="Rule">
      <dl class="rule">
        <div>
          <dt>Watches</dt>
          <dd>
            <Watched alert={alert} />
          </dd>
        </div>
        <div>
          <dt>Fires when the price</dt>
          <dd>
            {what} {more && <span class="dim">{more}</span>}
          </dd>
        </div>
        <div>
          <dt>Posts to</dt>
          <dd>{alert.webhookHost}</dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>
            <Moment time={alert.updatedAt} />
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Dialogs({ alert, onChanged }: { alert: Alert; onChanged: () => void }) {
  const values = new URLSearchParams(query.value);
  const here = `/alerts/${alert.name}`;
  const close = () => back(here);
  if (values.has("edit")) {
    return (
      <Dialog title={`Edit ${alert.name}`} onClose={close}>
        <AlertForm
          alert={alert}
          onSaved={() => {
            say("The alert is changed");
            onChanged();
            navigate(here, { replace: true });
          }}
        />
      </Dialog>
    );
  }
  return values.has("delete") ? <Deletion alert={alert} onClose={close} /> : null;
}

function Deletion({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const { name, revision } = alert;
  const remove = async () => {
    await alerts.deleteAlert({ name, revision });
    say("The alert is removed");
    navigate("/alerts", { replace: true });
  };
  return (
    <Removal name={name} onClose={onClose} onRemove={remove}>
      What it has fired and is not delivered yet is given up.
    </Removal>
  );
}
