import { useState } from "preact/hooks";

import { sources } from "../api/clients";
import { failureText } from "../api/failure";
import { Field } from "../elements/field";
import { currencyRules, nameRules } from "../elements/fieldrules";
import { textOf } from "../elements/fieldtext";
import { CsvFields, readCsv } from "../fetches/csvfields";
import type { Source } from "../gen/atlant/v1/source_pb";

type Timing = "none" | "every" | "cron";
type Access = "none" | "kept" | "basic" | "token";

/** Adds a source, or changes one: what the form does not show stays as it was. */
export function SourceForm({ source, onSaved }: { source?: Source; onSaved: () => void }) {
  const expression = source?.schedule?.expression ?? "";
  const [timing, setTiming] = useState<Timing>(!source ? "every" : expression.startsWith("@every") ? "every" : expression ? "cron" : "none");
  const [access, setAccess] = useState<Access>(source?.hasCredentials ? "kept" : "none");
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (form: HTMLFormElement) => {
    const values = new FormData(form);
    setBusy(true);
    setFailure("");
    try {
      const fields = {
        name: source?.name ?? textOf(values, "name"),
        url: textOf(values, "url"),
        currencyCode: textOf(values, "currency").toUpperCase(),
        csv: readCsv(values, source?.csv),
        noHold: !values.has("hold"),
        schedule: scheduleOf(timing, values),
        credentials: credentialsOf(access, values),
      };
      if (source) {
        await sources.updateSource({ source: { ...fields, paused: source.paused, revision: source.revision }, clearCredentials: access === "none" && source.hasCredentials });
      } else {
        await sources.createSource({ source: fields });
      }
      onSaved();
    } catch (error) {
      setFailure(failureText(error));
      setBusy(false);
    }
  };

  return (
    <form
      class="source-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <div class="fields pair">
        <Field name="name" label="Name" required {...nameRules} value={source?.name} fixed={source !== undefined} placeholder="shop" />
        <Field name="currency" label="Currency" {...currencyRules} value={source?.currencyCode} placeholder="as the list says" />
      </div>
      <Field name="url" label="URL of the list" required longest={2048} value={source?.url} placeholder="https://example.com/prices.csv" />
      <div class="fields pair">
        <div class="field">
          <label for="source-timing">Fetch it</label>
          <select id="source-timing" value={timing} onChange={(event) => setTiming(event.currentTarget.value as Timing)}>
            <option value="every">again and again</option>
            <option value="cron">at certain times</option>
            <option value="none">when asked to</option>
          </select>
        </div>
        {timing === "every" && (
          <Field name="every" label="Every" required pattern="([0-9.]+(ms|s|m|h))+" rule="Like 30m, 1h or 1h30m" value={expression.replace(/^@every\s+/, "") || "1h"} placeholder="1h" />
        )}
        {timing === "cron" && (
          <Field name="cron" label="Minute hour day month weekday" required longest={200} value={expression.startsWith("@every") ? "" : expression} placeholder="30 6 * * MON-FRI" />
        )}
      </div>
      {timing === "cron" && <TimeZone value={source?.schedule?.timeZone} />}
      <div class="fields pair">
        <div class="field">
          <label for="source-access">Access</label>
          <select id="source-access" value={access} onChange={(event) => setAccess(event.currentTarget.value as Access)}>
            <option value="none">{source?.hasCredentials ? "Forget what is kept" : "Public"}</option>
            {source?.hasCredentials && <option value="kept">As it is kept</option>}
            <option value="basic">User and password</option>
            <option value="token">Token</option>
          </select>
        </div>
        {access === "token" && <Field name="token" label="Token" required longest={8192} secret />}
        {access === "basic" && <Field name="user" label="User" required longest={1024} />}
      </div>
      {access === "basic" && <Field name="password" label="Password" longest={1024} secret />}
      <label class="check">
        <input type="checkbox" name="hold" defaultChecked={!source?.noHold} />
        Hold a list back that differs much from the one before
      </label>
      <details class="more">
        <summary>How to read it</summary>
        <p>All of this is found out by itself. Say what you know better.</p>
        <CsvFields csv={source?.csv} />
      </details>
      {failure && (
        <p class="form-failure" role="alert">
          {failure}
        </p>
      )}
      <div class="dialog-foot">
        <button type="submit" class="button primary" disabled={busy}>
          {source ? "Save" : "Add the source"}
        </button>
      </div>
    </form>
  );
}

function scheduleOf(timing: Timing, values: FormData) {
  switch (timing) {
    case "every":
      return { expression: `@every ${textOf(values, "every")}`, timeZone: "" };
    case "cron":
      return { expression: textOf(values, "cron"), timeZone: textOf(values, "zone") };
    case "none":
      return undefined;
  }
}

function credentialsOf(access: Access, values: FormData) {
  switch (access) {
    case "basic":
      return { credentials: { case: "basic" as const, value: { user: textOf(values, "user"), password: String(values.get("password") ?? "") } } };
    case "token":
      return { credentials: { case: "bearerToken" as const, value: textOf(values, "token") } };
    default:
      return undefined;
  }
}

function TimeZone({ value = "" }: { value?: string }) {
  const zones = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  return (
    <div class="field">
      <label for="source-zone">Time zone</label>
      <input id="source-zone" name="zone" list="zones" maxLength={64} autocomplete="off" placeholder="UTC" defaultValue={value || Intl.DateTimeFormat().resolvedOptions().timeZone} />
      <datalist id="zones">
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </div>
  );
}
