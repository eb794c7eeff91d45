import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Dialog } from "../elements/dialog";
import { DownloadIcon } from "../elements/icons";
import { formatMinute } from "../format/time";
import { addKeys } from "../shell/keyboard";
import type { Rows } from "./exports";
import { exportAddress, formats } from "./exports";
import type { Filters } from "./filters";
import { narrows, timeOfThePast } from "./filters";

/** A button, and the key d, that offer what the table shows as files. */
export function Download({ filters }: { filters: Filters }) {
  const [open, setOpen] = useState(false);
  useEffect(() => addKeys({ d: () => setOpen(true) }), []);
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        <DownloadIcon />
        Download
      </button>
      {open && <DownloadDialog filters={filters} onClose={() => setOpen(false)} />}
    </>
  );
}

function DownloadDialog({ filters, onClose }: { filters: Filters; onClose: () => void }) {
  const past = timeOfThePast(filters);
  const which = narrows({ ...filters, asOf: "" }) ? "Those that match your search and filters" : "All of them";
  return (
    <Dialog title="Download" onClose={onClose}>
      <div class="downloads">
        <Files rows="products" name="Products" filters={filters} onClose={onClose}>
          {which}, {past === undefined ? "with what each costs now" : `as of ${formatMinute(past)}`}.
        </Files>
        {past === undefined && (
          <Files rows="changes" name="Price changes" filters={filters} onClose={onClose}>
            {which}. A price or a time that you filter by is then that of the change.
          </Files>
        )}
      </div>
      <p class="aside">CSV opens in every spreadsheet, and Atlant reads it as a price list. Amounts are exact in all of them.</p>
    </Dialog>
  );
}

interface FilesProps {
  rows: Rows;
  name: string;
  filters: Filters;
  onClose: () => void;
  children: ComponentChildren;
}

function Files({ rows, name, filters, onClose, children }: FilesProps) {
  return (
    <section aria-labelledby={`download-${rows}`}>
      <h3 id={`download-${rows}`}>{name}</h3>
      <p>{children}</p>
      <div class="buttons">
        {formats.map((format) => (
          <a
            key={format.extension}
            class="button"
            href={exportAddress(rows, format.extension, filters, Date.now())}
            aria-label={`${name} as ${format.name}`}
            download
            onClick={onClose}
          >
            {format.name}
          </a>
        ))}
      </div>
    </section>
  );
}
