// Control characters have no spelling in XML 1.0, escaped or not.
// eslint-disable-next-line no-control-regex
const unspeakable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for an XML or HTML text node or quoted attribute. */
export const escapeMarkup = (text: string): string =>
  text.replace(unspeakable, "").replace(/[&<>"']/g, (character) => escapes[character] ?? "");
