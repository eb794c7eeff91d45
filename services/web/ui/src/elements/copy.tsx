import { useState } from "preact/hooks";

import { CheckIcon, CopyIcon } from "./icons";

/** A text in a monospaced font, with a button that copies it. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <span class="copyable">
      <code tabIndex={0}>{text}</code>
      {/* Browsers have no clipboard for pages that are neither https nor on this machine. */}
      {navigator.clipboard && (
        <button type="button" class="button plain square small" aria-label={copied ? "Copied" : label} onClick={() => void copy()}>
          {copied ? <CheckIcon /> : <CopyIcon />}
        </button>
      )}
    </span>
  );
}
