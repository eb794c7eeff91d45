import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { keyWanted } from "../api/key";
import { BellIcon, FetchesIcon, HelpIcon, AutoIcon, MoonIcon, ProductsIcon, SourcesIcon, StatusIcon, SunIcon } from "../elements/icons";
import { Toasts } from "../elements/toast";
import { plural } from "../format/count";
import { arrived, path } from "../router/location";
import { health, watchHealth } from "./health";
import { Help } from "./help";
import { KeyButton, KeyDialog } from "./key";
import { helpOpen } from "./keyboard";
import { nextTheme, theme } from "./theme";

const pages: { to: string; name: string; under: string; Icon: ComponentType }[] = [
  { to: "/", name: "Products", under: "/products/", Icon: ProductsIcon },
  { to: "/fetches", name: "Fetches", under: "/fetches/", Icon: FetchesIcon },
  { to: "/sources", name: "Sources", under: "/sources/", Icon: SourcesIcon },
  { to: "/alerts", name: "Alerts", under: "/alerts/", Icon: BellIcon },
  { to: "/status", name: "Status", under: "/status/", Icon: StatusIcon },
];

const themes = {
  auto: { Icon: AutoIcon, name: "as the system" },
  light: { Icon: SunIcon, name: "light" },
  dark: { Icon: MoonIcon, name: "dark" },
};

/** What is around every page. */
export function Shell({ children }: { children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    const calls = new AbortController();
    void watchHealth(calls.signal);
    return () => calls.abort();
  }, []);
  const arrivals = arrived.value;
  useEffect(() => {
    if (arrivals > 0) {
      main.current?.focus({ preventScroll: true }); // so that what is read out is the new page
    }
  }, [arrivals]);
  const { Icon: ThemeIcon, name: themeName } = themes[theme.value];
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={() => main.current?.focus()}>
        Skip to the page
      </a>
      <nav class="rail" aria-label="Pages">
        <a class="brand" href="/" aria-label="Atlant, all products">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="9" />
            <path d="M6.5 21h6v-5.5H19V10h6.5" />
          </svg>
          <span>Atlant</span>
        </a>
        <ul>
          {pages.map(({ to, name, under, Icon }) => (
            <li key={to}>
              <a href={to} aria-current={path.value === to || path.value.startsWith(under) ? "page" : undefined}>
                <Icon />
                <span>{name}</span>
              </a>
            </li>
          ))}
        </ul>
        <div class="rail-foot">
          <Pulse />
          <div class="rail-tools">
            <KeyButton />
            <button type="button" class="button plain square" aria-label={`Theme: ${themeName}`} title={`Theme: ${themeName}`} onClick={nextTheme}>
              <ThemeIcon />
            </button>
            <button type="button" class="button plain square keyboard-help" aria-label="Keyboard help" title="Keyboard help (?)" onClick={() => (helpOpen.value = true)}>
              <HelpIcon />
            </button>
          </div>
        </div>
      </nav>
      <main id="main" tabIndex={-1} ref={main}>
        {children}
      </main>
      <Toasts />
      <Help />
      <KeyDialog />
    </div>
  );
}

/** Whether Atlant answers, and its views are up to date. */
function Pulse() {
  const status = health.value;
  let kind = "good";
  let text = "Up to date";
  if (status === undefined) {
    return <span class="pulse" />;
  }
  if (status === null) {
    kind = "bad";
    text = keyWanted.value ? "Needs a key" : "Not reachable";
  } else if (status.lag > 0n) {
    kind = "busy";
    text = `${plural(status.lag, "message")} behind`;
  }
  return (
    <a class={`pulse ${kind}`} href="/status">
      <span class="dot" />
      {text}
    </a>
  );
}
