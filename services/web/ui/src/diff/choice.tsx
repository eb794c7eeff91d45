import { formatMoment } from "../format/time";
import type { Fetch } from "../gen/atlant/v1/fetch_pb";
import { SwapIcon } from "../elements/icons";
import { listName } from "../fetches/listname";
import { navigate } from "../router/location";
import { timeOf } from "./comparable";
import type { View } from "./view";
import { addressOf } from "./view";

/** Which fetch is compared with which. */
export function Choice({ view, list }: { view: View; list: readonly Fetch[] }) {
  const choose = (chosen: Partial<View>) => navigate(addressOf({ ...view, ...chosen }));
  return (
    <div class="choice card">
      <FetchSelect label="Before" value={view.a} list={list} onChoose={(a) => choose({ a })} />
      <button type="button" class="button square" aria-label="Swap" title="Swap" disabled={!view.a && !view.b} onClick={() => choose({ a: view.b, b: view.a })}>
        <SwapIcon />
      </button>
      <FetchSelect label="After" value={view.b} list={list} onChoose={(b) => choose({ b })} />
    </div>
  );
}

interface SelectProps {
  label: string;
  value: string;
  list: readonly Fetch[];
  onChoose: (id: string) => void;
}

function FetchSelect({ label, value, list, onChoose }: SelectProps) {
  const chosen = list.find(({ id }) => id === value);
  return (
    <div class="field">
      <label for={`diff-${label}`}>{label}</label>
      <select id={`diff-${label}`} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">Choose a fetch</option>
        {list.map((fetch) => (
          <option key={fetch.id} value={fetch.id}>
            {formatMoment(timeOf(fetch))} · {fetch.source} · {listName(fetch.url)}
          </option>
        ))}
      </select>
      {chosen ? (
        <a class="hint link" href={`/fetches/${chosen.id}`}>
          Its receipt
        </a>
      ) : (
        <span class="hint">One whose prices were published</span>
      )}
    </div>
  );
}
