import { sources } from "../api/clients";
import { EditLinks } from "../elements/editlinks";
import { FetchesIcon, PauseIcon, PlayIcon } from "../elements/icons";
import { Ago } from "../elements/moment";
import { say, sayFailure } from "../elements/toast";
import { plural } from "../format/count";
import { StateBadge } from "../fetches/states";
import type { Source } from "../gen/atlant/v1/source_pb";
import { scheduleText } from "./schedule";

export function SourceRow({ source, onChanged }: { source: Source; onChanged: () => void }) {
  return (
    <div role="row" class="row source-row">
      <div role="cell" class="what">
        <a href={`/?source=${encodeURIComponent(source.name)}`}>{source.name}</a>
        <span class="url">{source.url}</span>
      </div>
      <div role="cell" class="schedule">
        {source.paused ? "Paused" : scheduleText(source.schedule)}
        {source.schedule?.timeZone && !source.paused && <span class="dim">{source.schedule.timeZone}</span>}
      </div>
      <div role="cell" class="next">
        {source.nextFetchAt ? <Ago time={source.nextFetchAt} /> : <span class="dim">–</span>}
        {source.backedOffUntil && <span class="bad">held off</span>}
      </div>
      <div role="cell" class="last">
        {source.lastFetch ? (
          <a href={`/fetches/${source.lastFetch.id}`} class="last-fetch">
            <StateBadge state={source.lastFetch.state} />
            <span class="dim">
              <Ago time={source.lastFetch.endedAt ?? source.lastFetch.requestedAt} />
            </span>
          </a>
        ) : (
          <span class="dim">never</span>
        )}
        {source.failuresInARow > 0 && <span class="bad">{plural(source.failuresInARow, "failure")} in a row</span>}
      </div>
      <div role="cell" class="actions">
        <Actions source={source} onChanged={onChanged} />
      </div>
    </div>
  );
}

function Actions({ source, onChanged }: { source: Source; onChanged: () => void }) {
  const { name } = source;
  const fetchNow = async () => {
    await sources.fetchSource({ name, requestId: crypto.randomUUID?.() ?? "" });
    say(`${name} is being fetched`);
    onChanged();
  };
  const setPaused = async (paused: boolean) => {
    await sources.updateSource({ source: { ...source, paused } });
    say(paused ? `The schedule of ${name} rests` : `The schedule of ${name} goes on`);
    onChanged();
  };
  const act = (action: () => Promise<void>) => () => void action().catch(sayFailure);
  return (
    <>
      <button type="button" class="button plain square" title="Fetch now" aria-label={`Fetch ${name} now`} onClick={act(fetchNow)}>
        <FetchesIcon />
      </button>
      {source.schedule && (
        <button
          type="button"
          class="button plain square"
          title={source.paused ? "Resume" : "Pause"}
          aria-label={`${source.paused ? "Resume" : "Pause"} ${name}`}
          onClick={act(() => setPaused(!source.paused))}
        >
          {source.paused ? <PlayIcon /> : <PauseIcon />}
        </button>
      )}
      <EditLinks name={name} edit={`/sources?edit=${encodeURIComponent(name)}`} remove={`/sources?delete=${encodeURIComponent(name)}`} />
    </>
  );
}
