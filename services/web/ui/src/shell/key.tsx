import { useState } from "preact/hooks";

import { key, keyWanted, keepKey } from "../api/key";
import { Dialog } from "../elements/dialog";
import { KeyIcon } from "../elements/icons";

/** Asks for a key once Atlant wants one. */
export function KeyDialog() {
  const [put, setPut] = useState(false); // aside
  if (!keyWanted.value || put) {
    return null;
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    keepKey(String(new FormData(event.currentTarget as HTMLFormElement).get("key")).trim());
  };
  return (
    <Dialog title="Who are you?" onClose={() => setPut(true)}>
      <form class="source-form" onSubmit={submit}>
        <p>{key.value ? "Atlant does not take your key any more. Give it another one." : "Atlant asks for a key. Whoever runs it can give you one."} It is kept until this tab is closed.</p>
        <div class="field">
          <label for="key">Key</label>
          <input id="key" name="key" type="password" required autocomplete="off" spellcheck={false} maxLength={16384} />
        </div>
        <div class="dialog-foot">
          <button type="submit" class="button primary">
            Go on
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Forgets the key; shown while there is one, or one is wanted. */
export function KeyButton() {
  if (!key.value && !keyWanted.value) {
    return null;
  }
  const name = key.value ? "Forget the key" : "Give a key";
  return (
    <button type="button" class="button plain square" aria-label={name} title={name} onClick={() => keepKey("")}>
      <KeyIcon />
    </button>
  );
}
