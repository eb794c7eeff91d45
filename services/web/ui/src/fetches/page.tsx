export function FetchesPage(_: { id?: string }) { return null; }
