import { useEffect, useRef, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { failureText } from "../api/failure";
import { Field } from "../elements/field";
import { currencyRules, nameRules } from "../elements/fieldrules";
import { textOf } from "../elements/fieldtext";
import { navigate } from "../router/location";
import { CsvFields, readCsv } from "./csvfields";

interface Props {
  autoFocus?: boolean;
  url?: string;
  source?: string;
  currency?: string;
}

/** Asks for a list by its URL, and goes to the fetch. */
export function FetchForm({ autoFocus = false, url: given = "", source = "", currency = "" }: Props) {
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const url = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (autoFocus && window.matchMedia("(hover: hover)").matches) {
      url.current!.focus({ preventScroll: true }); // a phone's keyboard would hide the rest
    }
  }, []);
  const submit = async (form: HTMLFormElement) => {
    const values = new FormData(form);
    setBusy(true);
    setFailure("");
    try {
      const { fetch } = await fetches.fetch({
        url: textOf(values, "url"),
        source: textOf(values, "source"),
        csv: { ...readCsv(values), currencyCode: textOf(values, "currency").toUpperCase() },
        force: values.has("force"),
        requestId: crypto.randomUUID?.() ?? "",
      });
      navigate(`/fetches/${fetch!.id}`);
    } catch (error) {
      setFailure(failureText(error));
      setBusy(false);
      url.current?.focus();
    }
  };
  return (
    <form
      class="fetch-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <div class="field">
        <label for="fetch-url">URL of the list</label>
        <input
          ref={url}
          id="fetch-url"
          name="url"
          type="text"
          inputMode="url"
          required
          defaultValue={given}
          maxLength={2048}
          autocomplete="off"
          spellcheck={false}
          placeholder="https://example.com/prices.csv"
          aria-describedby={failure ? "fetch-failure" : undefined}
          aria-invalid={failure !== ""}
        />
      </div>
      <div class="fields">
        <Field name="source" label="Source" {...nameRules} placeholder="default" value={source} />
        <Field name="currency" label="Currency" {...currencyRules} placeholder="found out" value={currency} />
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? "Asking…" : "Fetch"}
        </button>
      </div>
      {failure && (
        <p id="fetch-failure" class="form-failure" role="alert">
          {failure}
        </p>
      )}
      <details class="more">
        <summary>How to read it</summary>
        <p>All of this is found out by itself. Say what you know better.</p>
        <CsvFields />
        <label class="check">
          <input type="checkbox" name="force" />
          Read it even if it did not change
        </label>
      </details>
    </form>
  );
}
