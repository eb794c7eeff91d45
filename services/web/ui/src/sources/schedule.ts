import type { Schedule } from "../gen/atlant/v1/source_pb";

const words: Record<string, string> = {
  "@hourly": "Hourly",
  "@daily": "Daily",
  "@weekly": "Weekly",
  "@monthly": "Monthly",
  "@yearly": "Yearly",
};

/** A schedule as people say it, as far as that is simple; fields of cron stay as they are. */
export function scheduleText(schedule: Schedule | undefined): string {
  if (!schedule) {
    return "On demand";
  }
  const { expression } = schedule;
  return words[expression] ?? expression.replace(/^@every\s+/, "Every ");
}
