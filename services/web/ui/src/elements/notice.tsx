import type { ComponentChildren } from "preact";

import { failureText } from "../api/failure";
import { AlertIcon } from "./icons";

/** Takes the place of what is not there: says why, and what to do. */
export function Notice({ title, children, icon }: { title: string; children?: ComponentChildren; icon?: ComponentChildren }) {
  return (
    <div class="notice">
      {icon && <div class="notice-icon">{icon}</div>}
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Something could not be loaded. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div role="alert">
      <Notice title="That did not work" icon={<AlertIcon />}>
        <p>{failureText(error)}</p>
        {onRetry && (
          <button type="button" class="button" onClick={onRetry}>
            Try again
          </button>
        )}
      </Notice>
    </div>
  );
}
