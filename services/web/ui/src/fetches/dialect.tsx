import type { Dialect } from "../gen/atlant/v1/fetch_pb";

const names: Record<string, string> = { ";": "semicolon", ",": "comma", "|": "bar", "\t": "tab", ".": "point" };

const named = (mark: string): string => names[mark] ?? mark;

/** How a list was read, and what spoke for it. */
export function DialectCard({ dialect }: { dialect: Dialect }) {
  const facts: [string, string][] = [
    ["Encoding", dialect.encoding],
    ["Columns", `${dialect.columns || ""} split by ${named(dialect.delimiter)}`.trim()],
    ["Header", dialect.hasHeader ? "yes" : "none"],
    ["Name", `column ${dialect.nameColumns.join(", ")}`],
    ["Price", `column ${dialect.priceColumn}${dialect.decimalMark && `, decimal ${named(dialect.decimalMark)}`}`],
    ["Date", dialect.observedAtColumn > 0 ? `column ${dialect.observedAtColumn}` : ""],
    ["Currency", dialect.currencyCode || "not known"],
  ];
  return (
    <section class="card" aria-labelledby="dialect">
      <h2 id="dialect">How it was read</h2>
      {dialect.confidence > 0 && <Confidence percent={dialect.confidence} />}
      <dl class="facts-list">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <Reasons title="Why so" texts={dialect.evidence} />
      <Reasons title="What else it could be" texts={dialect.alternatives} />
      <Reasons title="What would settle the rest" texts={dialect.open} />
    </section>
  );
}

function Confidence({ percent }: { percent: number }) {
  return (
    <div class="confidence">
      <span>Confidence</span>
      <div class="meter" role="meter" aria-label="Confidence" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}>
        <i style={{ width: `${percent}%` }} />
      </div>
      <strong>{percent} %</strong>
    </div>
  );
}

function Reasons({ title, texts }: { title: string; texts: readonly string[] }) {
  if (texts.length === 0) {
    return null;
  }
  return (
    <details class="reasons">
      <summary>{title}</summary>
      <ul>
        {texts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </details>
  );
}
