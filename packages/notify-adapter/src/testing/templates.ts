/** A template of the local Notify. */
export interface LocalTemplate {
  readonly subject?: string | undefined;
  readonly body: string;
}

const placeholder = /\(\(([^()]+)\)\)/g;

/** Names of the placeholders that a text has and the personalisation hasn't. */
export function missingIn(
  { subject = "", body }: LocalTemplate,
  personalisation: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = [...`${subject} ${body}`.matchAll(placeholder)].map(([, name = ""]) => name);
  return [...new Set(names)].filter((name) => !(name in personalisation));
}

/** A text with its placeholders filled in. */
export function filled(text: string, personalisation: Readonly<Record<string, unknown>>): string {
  return text.replace(placeholder, (_, name: string) => {
    const value = personalisation[name];
    return Array.isArray(value) ? value.map(String).join(", ") : String(value);
  });
}
