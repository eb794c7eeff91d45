import { useEffect, useState } from "preact/hooks";

import { sources } from "../api/clients";
import { repeat } from "../api/repeat";
import { Dialog } from "../elements/dialog";
import { PlusIcon, SourcesIcon } from "../elements/icons";
import { Failure, Notice } from "../elements/notice";
import { Removal } from "../elements/removal";
import { TableHead } from "../elements/tablehead";
import { useTitle } from "../elements/title";
import { say } from "../elements/toast";
import type { Source } from "../gen/atlant/v1/source_pb";
import { navigate, query } from "../router/location";
import { listKeys } from "../shell/listkeys";
import { SourceForm } from "./form";
import { SourceRow } from "./row";

const every = 3_000; // milliseconds

/** The lists that are fetched again and again. Which dialog is open is in the URL: ?new, ?edit=NAME or ?delete=NAME. */
export function SourcesPage() {
  useTitle("Sources");
  const { list, failure, reload } = useSources();
  const values = new URLSearchParams(query.value);
  const find = (key: string) => list?.find(({ name }) => name === values.get(key));
  const [edited, deleted] = [find("edit"), find("delete")];
  useEffect(() => listKeys(".source-row .what a"), []);
  const close = () => navigate("/sources", { replace: true });
  const saved = (text: string) => {
    say(text);
    reload();
    close();
  };
  return (
    <>
      <header class="page-head">
        <h1>Sources</h1>
        <div class="actions">
          <a class="button primary" href="/sources?new">
            <PlusIcon />
            Add a source
          </a>
        </div>
      </header>
      {failure !== undefined && !list && <Failure error={failure} onRetry={reload} />}
      {list?.length === 0 && (
        <Notice title="No source yet" icon={<SourcesIcon />}>
          <p>A source is a list that is fetched again and again: a name, a URL, and when to fetch it.</p>
          <a class="button" href="/sources?new">
            Add a source
          </a>
        </Notice>
      )}
      {list && list.length > 0 && (
        <div class="table sources" role="table" aria-label="Sources">
          <TableHead columns={["Source", "Schedule", "Next", "Last fetch"]} />
          <div role="rowgroup">
            {list.map((source) => (
              <SourceRow key={source.name} source={source} onChanged={reload} />
            ))}
          </div>
        </div>
      )}
      {values.has("new") && (
        <Dialog title="Add a source" onClose={close}>
          <SourceForm onSaved={() => saved("The source is added")} />
        </Dialog>
      )}
      {edited && (
        <Dialog title={`Edit ${edited.name}`} onClose={close}>
          <SourceForm source={edited} onSaved={() => saved("The source is changed")} />
        </Dialog>
      )}
      {deleted && <Deletion source={deleted} onClose={close} onDeleted={() => saved("The source is removed")} />}
    </>
  );
}

function Deletion({ source, onClose, onDeleted }: { source: Source; onClose: () => void; onDeleted: () => void }) {
  const { name, revision } = source;
  const remove = async () => {
    await sources.deleteSource({ name, revision });
    onDeleted();
  };
  return (
    <Removal name={name} onClose={onClose} onRemove={remove}>
      Its schedule goes with it. Its fetches and products stay.
    </Removal>
  );
}

async function loadSources(signal: AbortSignal): Promise<Source[]> {
  const all: Source[] = [];
  let pageToken = "";
  do {
    const page = await sources.listSources({ pageSize: 1_000, pageToken }, { signal });
    all.push(...page.sources);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return all;
}

function useSources() {
  const [list, setList] = useState<Source[] | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const calls = new AbortController();
    const look = async () => {
      setList(await loadSources(calls.signal));
      setFailure(undefined);
    };
    void repeat(calls.signal, look, setFailure, () => every);
    return () => calls.abort();
  }, [round]);
  return { list, failure, reload: () => setRound((n) => n + 1) };
}
