/** The head of a table whose rows end with buttons. Those explain themselves, so that their column has a name for screen readers alone. */
export function TableHead({ columns }: { columns: readonly string[] }) {
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="row">
        {columns.map((name) => (
          <div key={name} role="columnheader">
            {name}
          </div>
        ))}
        <div role="columnheader">
          <span class="unseen">Actions</span>
        </div>
      </div>
    </div>
  );
}
