import { alerts } from "../api/clients";
import { EditLinks } from "../elements/editlinks";
import { PauseIcon, PlayIcon, SendIcon } from "../elements/icons";
import { say, sayFailure } from "../elements/toast";
import type { Alert } from "../gen/atlant/v1/alert_pb";

interface Props {
  alert: Alert;
  /** With words on the buttons that have room for them. */
  worded?: boolean;
  onChanged: () => void;
}

/** What can be done with an alert. */
export function AlertActions({ alert, worded = false, onChanged }: Props) {
  const { name, paused } = alert;
  const test = async () => {
    await alerts.testAlert({ name });
    say(`A test is on its way to ${alert.webhookHost}`);
    onChanged();
  };
  const setPaused = async () => {
    await alerts.updateAlert({ alert: { ...alert, paused: !paused } });
    say(paused ? `${name} goes on, with prices from now on` : `${name} rests`);
    onChanged();
  };
  const act = (action: () => Promise<void>) => () => void action().catch(sayFailure);
  const look = worded ? "button" : "button plain square";
  const pauseWord = paused ? "Resume" : "Pause";
  return (
    <>
      <button type="button" class={look} title="Send a test" aria-label={`Send a test of ${name}`} onClick={act(test)}>
        <SendIcon />
        {worded && "Send a test"}
      </button>
      <button type="button" class={look} title={pauseWord} aria-label={`${pauseWord} ${name}`} onClick={act(setPaused)}>
        {paused ? <PlayIcon /> : <PauseIcon />}
        {worded && pauseWord}
      </button>
      <EditLinks name={name} edit={`/alerts/${name}?edit`} remove={`/alerts/${name}?delete`} />
    </>
  );
}
