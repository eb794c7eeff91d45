import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const chromiumPath = () => places.find((place) => place && existsSync(place));

/** Why a test cannot run here, or false. */
export const noChromium = () => (chromiumPath() ? false : "there is no Chromium; install Debian's package chromium, or name one in CHROMIUM");

export async function launch(t) {
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: ["--no-sandbox", "--disable-gpu"], // tests run as root
  });
  t.after(() => browser.close());
  return browser;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A page, and what it did that it must not do. */
export class WatchedPage {
  constructor(page, origin) {
    this.page = page;
    this.faults = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        this.faults.push(`console: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.faults.push(`exception: ${error.stack}`));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== origin) {
        this.faults.push(`request to ${request.url()}`);
      }
    });
  }

  static async open(t, browser, origin, options = {}) {
    const context = await browser.newContext({ locale: "en-US", timezoneId: "Europe/Berlin", viewport: { width: 1280, height: 800 }, ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const watched = new WatchedPage(page, origin);
    await page.exposeFunction("policyViolated", (what) => watched.faults.push(`policy: ${what}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.policyViolated(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    return watched;
  }

  /** What keeps people from using the page as it is now, in words. */
  async violations() {
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html}: ${node.failureSummary}`));
  }

  /** By how many pixels the page is wider than the window. */
  overhang() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }
}
