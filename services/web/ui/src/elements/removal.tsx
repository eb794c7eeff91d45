import type { ComponentChildren } from "preact";

import { Dialog } from "./dialog";
import { sayFailure } from "./toast";

interface Props {
  /** Of what would be removed. */
  name: string;
  onClose: () => void;
  onRemove: () => Promise<void>;
  /** What becomes of that which belongs to it. */
  children: ComponentChildren;
}

/** Asks before something is removed: nothing brings it back. */
export function Removal({ name, onClose, onRemove, children }: Props) {
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <p class="dim">{children}</p>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" onClick={() => void onRemove().catch(sayFailure)}>
          Remove it
        </button>
      </div>
    </Dialog>
  );
}
