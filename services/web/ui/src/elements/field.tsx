import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface FieldProps {
  name: string;
  label: string;
  value?: string;
  placeholder?: string;
  longest?: number;
  pattern?: string;
  /** What the pattern means, said by the browser. */
  rule?: string;
  /** What else there is to know, shown below. */
  hint?: ComponentChildren;
  /** Why the server, or the form, does not take what was typed. */
  failure?: string;
  inputMode?: "decimal" | "url";
  required?: boolean;
  fixed?: boolean;
  secret?: boolean;
  /** What to offer. */
  choices?: readonly string[];
  onTyped?: (text: string) => void;
}

/** A text that is typed, with its label and what is wrong with it. */
export function Field({ name, label, value = "", placeholder, longest, pattern, rule, hint, failure, inputMode, required, fixed, secret, choices, onTyped }: FieldProps) {
  const id = useId();
  const described = [failure && `${id}-failure`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const rules = {
    id,
    name,
    required,
    readOnly: fixed,
    maxLength: longest,
    pattern,
    title: rule,
    "aria-describedby": described,
    "aria-invalid": failure ? true : undefined,
    onInput: onTyped && ((event: Event) => onTyped((event.currentTarget as HTMLInputElement).value)),
  };
  const shown = onTyped ? { value } : { defaultValue: value };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {secret ? (
        <input {...rules} type="password" autocomplete="new-password" />
      ) : (
        <input {...rules} {...shown} autocomplete="off" spellcheck={false} placeholder={placeholder} inputMode={inputMode} list={choices && `${id}-choices`} />
      )}
      {choices && (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
      {failure && (
        <p id={`${id}-failure`} class="field-failure" role="alert">
          {failure}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
