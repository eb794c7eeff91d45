import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { failureText, isUnreachable } from "../api/failure";
import { AlertIcon } from "./icons";

interface Props {
  title: string;
  icon?: ComponentChildren;
  /** It is all that there is on the page. */
  whole?: boolean;
  children?: ComponentChildren;
}

/** Takes the place of what is not there: says why, and what to do. */
export function Notice({ title, icon, whole = false, children }: Props) {
  const Heading = whole ? "h1" : "h2";
  return (
    <div class="notice">
      {icon && <div class="notice-icon">{icon}</div>}
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}

const again = 3_000; // milliseconds

/** Something could not be loaded. While Atlant cannot be reached, it is tried again by itself. */
export function Failure({ error, whole, onRetry }: { error: unknown; whole?: boolean; onRetry?: () => void }) {
  useEffect(() => {
    if (onRetry && isUnreachable(error)) {
      const timer = setTimeout(onRetry, again);
      return () => clearTimeout(timer);
    }
  }, [error]);
  return (
    <div role="alert">
      <Notice title="That did not work" icon={<AlertIcon />} whole={whole}>
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
