// Fails if the pages are larger than what a slow connection loads in a moment: all files together, as they are sent.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const most = 150_000; // bytes
const folder = process.argv[2] ?? "../dist";

const files = readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());
const sizes = files.map((name) => [name, gzipSync(readFileSync(join(folder, name)), { level: 9 }).length]);
const all = sizes.reduce((sum, [, size]) => sum + size, 0);

for (const [name, size] of sizes.sort((a, b) => b[1] - a[1])) {
  console.log(String(size).padStart(8), name);
}
console.log(String(all).padStart(8), `bytes packed, of ${most}`);
process.exitCode = all > most ? 1 : 0;
