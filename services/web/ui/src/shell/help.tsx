import { Dialog } from "../elements/dialog";
import { helpOpen } from "./keyboard";

const keys: [string, string[][]][] = [
  ["Search", [["/"]]],
  ["Next, previous row", [["j"], ["k"]]],
  ["Open the row", [["Enter"]]],
  ["Clear, close, go back", [["Esc"]]],
  ["Download what is listed", [["d"]]],
  ["Fetch a list", [["n"]]],
  ["Add an alert", [["a"]]],
  ["Choose a fetch, compare the chosen", [["x"], ["c"]]],
  ["Products, fetches", [["g", "p"], ["g", "f"]]],
  ["Sources, alerts", [["g", "s"], ["g", "a"]]],
  ["Status", [["g", "t"]]],
  ["This help", [["?"]]],
];

export function Help() {
  if (!helpOpen.value) {
    return null;
  }
  return (
    <Dialog title="Keyboard" onClose={() => (helpOpen.value = false)}>
      <dl class="keys">
        {keys.map(([what, ways]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {ways.map((way, i) => (
                <>
                  {i > 0 && <span class="or">or</span>}
                  {way.map((key) => (
                    <kbd>{key}</kbd>
                  ))}
                </>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
