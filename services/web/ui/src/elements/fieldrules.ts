// What the server takes, so that the browser says it before anything is sent.

/** Of names of sources and alerts. */
export const nameRules = { longest: 64, pattern: "[a-zA-Z0-9][a-zA-Z0-9._\\-]*", rule: "Letters, digits, points, hyphens and underscores" };

/** Of codes of currencies, in capitals or not. */
export const currencyRules = { longest: 3, pattern: "[A-Za-z]{3}", rule: "Three letters, like EUR" };
