/**
 * A fenced block of a page, with empty lines before it, so that it has the page's line numbers. `file` is
 * the name that the page gives it, in brackets behind the language.
 *
 * @typedef {{ language: string, file: string | undefined, text: string, line: number }} Snippet
 */

const FENCE = /^( *)(`{3,})(\w*)(?: \[([^\]]+)\])?/;

/**
 * The fenced blocks of a page. Before a block of code, a comment that readers don't see adds to it:
 *
 * - `<!-- with` … `-->` holds lines that stand before it, such as declarations of what it takes for given;
 * - `<!-- continues -->` joins it to the block of code before.
 *
 * @param {string} page Markdown
 * @returns {Snippet[]}
 */
export function snippetsOf(page) {
  const lines = page.split("\n");
  /** @type {{ language: string, file: string | undefined, first: number, kept: Map<number, string> }[]} */
  const found = [];
  /** @type {Map<number, string>} */
  let given = new Map();
  let continues = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "<!-- continues -->") continues = true;
    if (line === "<!-- with") {
      for (at += 1; at < lines.length && lines[at] !== "-->"; at += 1)
        given.set(at, lines[at] ?? "");
    }
    const [, indent = "", ticks = "", language = "", file] = FENCE.exec(line) ?? [];
    if (ticks === "") continue;
    const first = at + 1;
    const joined = continues ? found.at(-1) : undefined;
    const block = joined ?? { language, file, first, kept: new Map() };
    for (const [number, text] of given) block.kept.set(number, text);
    for (at += 1; at < lines.length && lines[at] !== indent + ticks; at += 1) {
      block.kept.set(at, (lines[at] ?? "").slice(indent.length));
    }
    if (joined === undefined) found.push(block);
    given = new Map();
    continues = false;
  }
  return found.map(({ language, file, first, kept }) => {
    const last = Math.max(first, ...kept.keys());
    const text = Array.from({ length: last + 1 }, (_, at) => kept.get(at) ?? "").join("\n");
    return { language, file, text: `${text}\n`, line: first };
  });
}
