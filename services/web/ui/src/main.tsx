import "./styles/index.css";
import "./shell/theme";
import "./shell/keyboard";

import { render } from "preact";

import { downloadWithKey } from "./api/download";
import { App } from "./app";

downloadWithKey();

// With blocking="render" the script may come before the body.
function start() {
  render(<App />, document.getElementById("app")!);
}

if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", start);
} else {
  start();
}
