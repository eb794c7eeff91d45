import { useState } from "preact/hooks";

import { Delta } from "../elements/delta";
import { Moment } from "../elements/moment";
import { formatCount } from "../format/count";
import { formatPrice } from "../format/money";
import { changesAddress, formats } from "../products/exports";
import type { History } from "./steps";
import { keyOf } from "./steps";

const step = 50;

export function ChangeList({ history }: { history: History }) {
  const [shown, show] = useState(step);
  const { changes, more } = history;
  if (changes.length === 0) {
    return <p class="aside">The price never changed since it was first seen.</p>;
  }
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Table of changes">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col" class="number">
                Price
              </th>
              <th scope="col" class="number before">
                Before
              </th>
              <th scope="col">Move</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {changes.slice(0, shown).map((change) => (
              <tr key={keyOf(change)}>
                <td>
                  <Moment time={change.observedAt} />
                </td>
                <td class="number strong">{formatPrice(change.price)}</td>
                <td class="number dim before">{formatPrice(change.previousPrice)}</td>
                <td>
                  <Delta from={change.previousPrice} to={change.price} />
                </td>
                <td>
                  <a class="link" href={`/fetches/${change.fetchId}`}>
                    line {formatCount(change.line)}
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown < changes.length && (
        <button type="button" class="button" onClick={() => show(shown + 4 * step)}>
          Show more
        </button>
      )}
      {more && shown >= changes.length && <p class="aside">Older changes are in the download.</p>}
    </>
  );
}

/** All changes of a product, as files. */
export function ChangeFiles({ id }: { id: string }) {
  return (
    <div class="files">
      <span>Download</span>
      {formats.map(({ extension, name }) => (
        <a key={extension} class="link" href={changesAddress(extension, id)} aria-label={`Changes as ${name}`} download>
          {name}
        </a>
      ))}
    </div>
  );
}
