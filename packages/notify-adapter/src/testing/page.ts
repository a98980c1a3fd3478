import type { SentNotification } from "./mailbox.js";

const entities: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" },
};

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => entities[char] ?? char);

/** The page that lists what was taken, the newest first. */
export function mailPage(notifications: readonly SentNotification[]): string {
  const letters = [...notifications]
    .reverse()
    .map(
      ({ type, to, subject, body, status, reference }) =>
        `<article><h2>${escaped(subject ?? "Text message")}</h2>` +
        `<p>${type} to ${escaped(to)}, ${status}, reference ${escaped(reference ?? "none")}</p>` +
        `<pre>${escaped(body)}</pre></article>`,
    );
  return (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Local Notify</title>' +
    "<style>body{font:16px/1.5 sans-serif;max-width:44rem;margin:2rem auto}pre{white-space:pre-wrap}</style>" +
    `<h1>Sent through the local Notify: ${notifications.length}</h1>${letters.join("")}</html>`
  );
}
