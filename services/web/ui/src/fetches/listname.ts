/** A URL without what all have; the whole one is on the page of the fetch. */
export function listName(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/^upload:[0-9a-f]+\//, "");
}
