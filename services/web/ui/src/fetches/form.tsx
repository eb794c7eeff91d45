import { useEffect, useRef, useState } from "preact/hooks";

import { fetches } from "../api/clients";
import { failureText } from "../api/failure";
import { navigate } from "../router/location";

/** Asks for a list by its URL, and goes to the fetch. */
export function FetchForm({ autoFocus = false, source = "" }: { autoFocus?: boolean; source?: string }) {
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
    const text = (name: string) => String(values.get(name) ?? "").trim();
    setBusy(true);
    setFailure("");
    try {
      const { fetch } = await fetches.fetch({
        url: text("url"),
        source: text("source"),
        csv: {
          currencyCode: text("currency").toUpperCase(),
          delimiter: text("delimiter"),
          decimalMark: text("decimal-mark"),
          encoding: text("encoding"),
          priceColumn: text("price-column"),
          nameColumns: text("name-columns").split(",").map((name) => name.trim()).filter(Boolean),
        },
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
          maxLength={2048}
          autocomplete="off"
          spellcheck={false}
          placeholder="https://example.com/prices.csv"
          aria-describedby={failure ? "fetch-failure" : undefined}
          aria-invalid={failure !== ""}
        />
      </div>
      <div class="fields">
        <div class="field">
          <label for="fetch-source">Source</label>
          <input
            id="fetch-source"
            name="source"
            maxLength={64}
            pattern="[a-zA-Z0-9][a-zA-Z0-9._\-]*"
            title="Letters, digits, points, hyphens and underscores"
            autocomplete="off"
            spellcheck={false}
            placeholder="default"
            defaultValue={source}
          />
        </div>
        <div class="field">
          <label for="fetch-currency">Currency</label>
          <input
            id="fetch-currency"
            name="currency"
            maxLength={3}
            pattern="[A-Za-z]{3}"
            title="Three letters, like EUR"
            autocomplete="off"
            spellcheck={false}
            placeholder="found out"
          />
        </div>
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
        <div class="fields many">
          <div class="field">
            <label for="fetch-delimiter">Columns are split by</label>
            <select id="fetch-delimiter" name="delimiter">
              <option value="">Found out</option>
              <option value=";">Semicolon ;</option>
              <option value=",">Comma ,</option>
              <option value="|">Bar |</option>
              <option value={"\t"}>Tab</option>
            </select>
          </div>
          <div class="field">
            <label for="fetch-decimal">Decimal mark</label>
            <select id="fetch-decimal" name="decimal-mark">
              <option value="">Found out</option>
              <option value=".">Point 1.50</option>
              <option value=",">Comma 1,50</option>
            </select>
          </div>
          <div class="field">
            <label for="fetch-encoding">Encoding</label>
            <input id="fetch-encoding" name="encoding" maxLength={64} autocomplete="off" spellcheck={false} placeholder="found out" />
          </div>
          <div class="field">
            <label for="fetch-names">Name columns</label>
            <input id="fetch-names" name="name-columns" autocomplete="off" spellcheck={false} placeholder="Brand, Article or 1, 2" />
          </div>
          <div class="field">
            <label for="fetch-price">Price column</label>
            <input id="fetch-price" name="price-column" maxLength={200} autocomplete="off" spellcheck={false} placeholder="Price or 3" />
          </div>
          <label class="check">
            <input type="checkbox" name="force" />
            Read it even if it did not change
          </label>
        </div>
      </details>
    </form>
  );
}
