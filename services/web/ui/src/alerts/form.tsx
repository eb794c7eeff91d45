import { Code } from "@connectrpc/connect";
import { useEffect, useRef, useState } from "preact/hooks";

import { alerts } from "../api/clients";
import { failureText, hasCode } from "../api/failure";
import { fieldFailures } from "../api/fieldfailures";
import { Field } from "../elements/field";
import { currencyRules, nameRules } from "../elements/fieldrules";
import { decimalText } from "../format/money";
import { basisPointsText } from "../format/percent";
import type { Alert } from "../gen/atlant/v1/alert_pb";
import { sourceNames } from "../products/sourcenames";
import type { Kind } from "./condition";
import { isCrossing, kindNames } from "./condition";
import { ProductChoice } from "./productchoice";
import type { Choices, Failures, Scope } from "./rule";
import { readRule, scopeOf, suggestName } from "./rule";
import { useProduct } from "./watched";

interface Props {
  /** The alert that is changed; without one, one is added. */
  alert?: Alert;
  /** What a new one is about, if that is known. */
  productId?: string;
  onSaved: (alert: Alert) => void;
}

const scopes: [Scope, string][] = [
  ["product", "One product"],
  ["match", "Products that match"],
  ["all", "All products"],
];

/** Where the server may find fault with what was typed. */
const fields = ["name", "product_id", "query", "source", "at_least_basis_points", "amount_micros", "currency_code", "hysteresis_micros", "webhook_url"];

/** Adds an alert, or changes one. */
export function AlertForm({ alert: given, productId: wanted = "", onSaved }: Props) {
  const [alert] = useState(given); // as it was when it was looked at: what others change meanwhile is not written over
  const [choices, setChoices] = useState<Choices>({
    scope: alert ? scopeOf(alert) : "product",
    productId: alert?.productId ?? wanted,
    kind: alert?.condition?.condition.case ?? "down",
  });
  const [failures, setFailures] = useState<Failures>({});
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const choose = (choice: Partial<Choices>) => setChoices({ ...choices, ...choice });
  useEffect(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus(), [failures]);

  const submit = async () => {
    const { alert: rule, failures: faults } = readRule(choices, new FormData(form.current!));
    setFailures(faults);
    if (Object.keys(faults).length > 0) {
      return;
    }
    setBusy(true);
    try {
      const saved = alert
        ? await alerts.updateAlert({ alert: { ...rule, paused: alert.paused, revision: alert.revision } })
        : await alerts.createAlert({ alert: rule });
      onSaved(saved.alert!);
    } catch (error) {
      setFailures(hasCode(error, Code.AlreadyExists) ? { name: failureText(error) } : fieldFailures(error, fields));
      setBusy(false);
    }
  };

  return (
    <form
      ref={form}
      class="alert-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <ScopeFields alert={alert} choices={choices} choose={choose} failures={failures} />
      <ConditionFields alert={alert} choices={choices} choose={choose} failures={failures} />
      <Field
        name="webhook_url"
        label="Webhook URL"
        inputMode="url"
        required={!alert}
        longest={2048}
        placeholder={alert ? `as it is kept, at ${alert.webhookHost}` : "https://hooks.example.com/prices?token=…"}
        hint="It may hold a token: no page shows more of it than its host. Each post is signed."
        failure={failures.webhook_url}
      />
      <NameField alert={alert} choices={choices} failure={failures.name} />
      {failures[""] && (
        <p class="form-failure" role="alert">
          {failures[""]}
        </p>
      )}
      <div class="dialog-foot">
        <button type="submit" class="button primary" disabled={busy}>
          {alert ? "Save" : "Add the alert"}
        </button>
      </div>
    </form>
  );
}

interface PartProps {
  alert?: Alert;
  choices: Choices;
  choose: (choice: Partial<Choices>) => void;
  failures: Failures;
}

function ScopeFields({ alert, choices: { scope, productId }, choose, failures }: PartProps) {
  useEffect(() => void sourceNames.load(), []);
  return (
    <>
      <div class="field">
        <label for="alert-scope">Watch</label>
        <select id="alert-scope" value={scope} onChange={(event) => choose({ scope: event.currentTarget.value as Scope })}>
          {scopes.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        {scope === "all" && <p class="hint">It posts a webhook for each price change that fires it.</p>}
      </div>
      {scope === "product" && <ProductChoice id={productId} failure={failures.product_id} onChosen={(id) => choose({ productId: id })} />}
      {scope === "match" && (
        <div class="fields pair">
          <Field name="query" label="Words of the name" longest={256} placeholder="coffee" value={alert?.query} failure={failures.query} />
          <Field
            name="source"
            label="Source"
            {...nameRules}
            placeholder="all sources"
            value={alert?.source}
            choices={[...sourceNames.known.value].sort()}
            failure={failures.source}
          />
        </div>
      )}
    </>
  );
}

function ConditionFields({ alert, choices: { scope, productId, kind }, choose, failures }: PartProps) {
  const is = alert?.condition?.condition;
  const move = is?.case === "any" || is?.case === "up" || is?.case === "down" ? is.value : undefined;
  const threshold = is?.case === "below" || is?.case === "above" ? is.value : undefined;
  const product = useProduct(scope === "product" ? productId : "");
  return (
    <>
      <div class="fields pair">
        <div class="field">
          <label for="alert-kind">When its price</label>
          <select id="alert-kind" value={kind} onChange={(event) => choose({ kind: event.currentTarget.value as Kind })}>
            {(Object.keys(kindNames) as Kind[]).map((value) => (
              <option key={value} value={value}>
                {kindNames[value]}
              </option>
            ))}
          </select>
        </div>
        {isCrossing(kind) ? (
          <Field
            name="amount_micros"
            label="Threshold"
            required
            inputMode="decimal"
            longest={24}
            placeholder={product?.price ? decimalText(product.price.amountMicros) : "9.99"}
            value={threshold && decimalText(threshold.amountMicros)}
            failure={failures.amount_micros}
          />
        ) : (
          <Field
            name="at_least_basis_points"
            label="By at least, in percent"
            inputMode="decimal"
            longest={12}
            placeholder="however little"
            value={move?.atLeastBasisPoints ? basisPointsText(move.atLeastBasisPoints) : ""}
            failure={failures.at_least_basis_points}
          />
        )}
      </div>
      {isCrossing(kind) && (
        <div class="fields pair">
          <Field
            name="currency_code"
            label="Currency"
            {...currencyRules}
            placeholder="whatever it is"
            value={threshold ? threshold.currencyCode : product?.price?.currencyCode}
            failure={failures.currency_code}
          />
          <Field
            name="hysteresis_micros"
            label="Again once it was back by"
            inputMode="decimal"
            longest={24}
            placeholder="0.50"
            hint="A price that swings around the threshold does not fire each time then."
            value={threshold && threshold.hysteresisMicros > 0n ? decimalText(threshold.hysteresisMicros) : ""}
            failure={failures.hysteresis_micros}
          />
        </div>
      )}
    </>
  );
}

/** Names a new alert after its product, until somebody types another name. */
function NameField({ alert, choices: { scope, productId }, failure }: { alert?: Alert; choices: Choices; failure?: string }) {
  const [typed, type] = useState<string | undefined>(alert?.name);
  const product = useProduct(scope === "product" ? productId : "");
  return (
    <Field
      name="name"
      label="Name"
      required
      fixed={alert !== undefined}
      {...nameRules}
      placeholder="cheap-coffee"
      value={typed ?? suggestName(product?.name ?? "")}
      onTyped={type}
      failure={failure}
    />
  );
}
