import "./styles/index.css";
import "./shell/theme";
import "./shell/keyboard";

import { render } from "preact";

import { App } from "./app";

// With blocking="render" the script may come before the body.
function start() {
  render(<App />, document.getElementById("app")!);
}

if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", start);
} else {
  start();
}
