import { defineConfig } from "vitest/config";

// Locale and time zone are those of the tests, not of the machine.
process.env.TZ = "Europe/Berlin";
process.env.LC_ALL = "en_US.UTF-8";

export default defineConfig({ test: { include: ["src/**/*.test.ts"] } });
