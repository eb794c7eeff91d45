export function StatusPage(_: { id?: string }) { return null; }
