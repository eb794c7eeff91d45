export function FetchPage(_: { id?: string }) { return null; }
