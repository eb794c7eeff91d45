// That the pages ask for a key where Atlant wants one, and show it with whatever they ask for.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { Atlant, binary, scratch } from "./atlant.js";
import { launch, noChromium, WatchedPage } from "./browser.js";

test("the pages ask for a key", { skip: noChromium(), timeout: 900_000 }, async (t) => {
  const program = binary(t);
  const file = join(scratch(t), "keys.yaml");
  const made = spawnSync(program, ["keys", "new", "--id", "me", "--file", file], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  const atlant = await Atlant.start(t, program, "--api-keys-file", file);
  const watched = await WatchedPage.open(t, await launch(t), atlant.url);
  const { page } = watched;
  const dialog = page.getByRole("dialog");

  await page.goto(atlant.url);
  await dialog.getByLabel("Key").fill("atlant_wrong");
  assert.deepEqual(await watched.violations(), []);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByText("does not take your key").waitFor();
  await dialog.getByLabel("Key").fill(made.stdout.trim());
  await dialog.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Up to date").waitFor();
  await page.reload();
  await page.getByText("Up to date").waitFor();
  assert.equal(await dialog.count(), 0);

  await page.goto(`${atlant.url}/alerts?new`);
  await page.getByText("This needs the scope admin, me has read").waitFor();
  assert.equal(await dialog.count(), 0);

  const downloading = page.waitForEvent("download");
  await page.evaluate(() => {
    const link = Object.assign(document.createElement("a"), { href: "/export/products.csv", download: "" });
    document.body.append(link);
    link.click();
  });
  assert.equal((await downloading).suggestedFilename(), "products.csv");

  await page.getByRole("button", { name: "Forget the key" }).click();
  await dialog.getByText("asks for a key").waitFor();
  const refused = /status of (401|403|429)/; // as it should be
  const ofThePage = (fault) => !refused.test(fault) && !fault.startsWith("request to blob:");
  assert.deepEqual(watched.faults.filter(ofThePage), []);
});
