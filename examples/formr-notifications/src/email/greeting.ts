import { isolated, oneLine } from "./plain-text.js";

/** Whom an email addresses: the name for markup, and for text without any. */
export interface Greeting {
  readonly name: string;
  readonly plainName: string;
}

/** Longer names are more likely something else that was put in the field. */
const MAX_NAME = 100;

/** By family name, or as "Doctor" where there is none that could be shown. */
export function greetingFor(familyName: string | undefined): Greeting {
  const name = oneLine(familyName ?? "");
  if (name === "" || name.length > MAX_NAME) return { name: "Doctor", plainName: "Doctor" };
  return { name: `Dr ${name}`, plainName: `Dr ${isolated(name)}` };
}
