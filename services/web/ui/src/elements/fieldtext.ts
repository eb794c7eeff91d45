/** What was typed into a field of a form, without the white space around it. */
export const textOf = (values: FormData, name: string): string => String(values.get(name) ?? "").trim();
