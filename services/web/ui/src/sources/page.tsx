export function SourcesPage(_: { id?: string }) { return null; }
