export interface Look {
  name: string;
  kind: "" | "good" | "bad" | "busy" | "warn";
}

/** The state that something is in: a word, and a dot whose colour says whether that is good. */
export function Badge({ name, kind }: Look) {
  return (
    <span class={`state ${kind}`}>
      <span class="dot" />
      {name}
    </span>
  );
}
