import { escapeMarkup } from "./markup.js";
import type { SentEmail } from "./sent-email.js";

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 52rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline }
h1 { font-size: 1.25rem; margin: 0; flex: 1 }
form { display: flex; gap: .5rem; width: 100% }
input, button { font: inherit; padding: .4rem .6rem; min-width: 0 }
input { flex: 1 }
ol { list-style: none; margin: 1rem 0; padding: 0 }
li { border-top: 1px solid var(--line); padding: .75rem 0; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 0 }
p { margin: .15rem 0 }
small, details { font-size: .8125rem; opacity: .75 }
summary { cursor: pointer }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .75rem; margin: .25rem 0 }
dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
@media (max-width: 32rem) { dl { grid-template-columns: 1fr } dd { margin: 0 0 .25rem } }
`;

/** Nothing on this page may run or load; mail is shown as text only. */
export const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'";

/** A message body is a stranger's HTML: shown without scripts, forms, frames or the network. */
export const messagePolicy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'";

const shown = (email: SentEmail): string => {
  const path = `/_local/messages/${encodeURIComponent(email.messageId)}`;
  const tags = Object.entries(email.tags)
    .map(([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`)
    .join("");
  return `<li>
<h2><a href="${path}"><bdi>${escapeMarkup(email.mime.subject ?? "(no subject)")}</bdi></a></h2>
<p>To <bdi>${escapeMarkup(email.destinations.join(", "))}</bdi></p>
<p><small>${new Date(email.acceptedAt).toISOString()} · from <bdi>${escapeMarkup(email.source)}</bdi></small></p>
<p><small><a href="${path}?as=text">Text</a> · <a href="${path}?as=raw">Source</a></small></p>
${tags === "" ? "" : `<details><summary>Tags</summary><dl>${tags}</dl></details>`}
</li>`;
};

const matches = (email: SentEmail, search: string): boolean =>
  [email.mime.subject ?? "", ...email.destinations].some((text) =>
    text.toLowerCase().includes(search.toLowerCase()),
  );

/** The page that lists mail, newest first; `search` filters by subject and recipient. */
export const listPage = (
  emails: readonly SentEmail[],
  accepted: number,
  search: string,
): string => {
  const found = emails.filter((email) => matches(email, search)).reverse();
  const newest = found.slice(0, 200);
  const empty = accepted === 0 ? "No mail yet." : "No mail matches.";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local SES: ${accepted} accepted</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Local SES</h1>
<span>${newest.length} shown of ${accepted} accepted</span>
<form method="get" action="/">
<input type="search" name="search" value="${escapeMarkup(search)}" aria-label="Subject or recipient" placeholder="Subject or recipient">
<button>Search</button>
</form>
</header>
<main>${newest.length === 0 ? `<p>${empty}</p>` : `<ol>${newest.map(shown).join("\n")}</ol>`}</main>
</body>
</html>
`;
};
