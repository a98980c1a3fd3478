import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * A planted bug's change of one function. Functions are found by name in all sources of a package, and
 * text within them token by token: a reformatted, moved or commented function keeps its bugs.
 */
export interface Patch {
  /** The folder with the sources, relative to the repository. */
  readonly sources: string;
  /**
   * The function, method, class or constant, as in "begin", "Batcher.add" or "createConsumer.stop";
   * where several have the name, with what it stands in, a file's stem at last: "effects/begin".
   */
  readonly within: string;
  /** Occurs once within it. White space, comments, quotes and trailing commas don't count. */
  readonly find: string;
  readonly replace: string;
}

/** The sources that the patches change, by their paths. @throws where one doesn't apply exactly once */
export function applyPatches(patches: readonly Patch[]): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  for (const patch of patches) {
    const places = sourcesOf(patch.sources).flatMap((path) => {
      const text = changed.get(path) ?? readFileSync(path, "utf8");
      return placesIn(path, text, patch).map((range) => ({ path, text, ...range }));
    });
    const [place] = places;
    if (!place || places.length > 1) {
      const known = places.map(({ path }) => path.slice(ROOT.length)).join(", ");
      throw new Error(
        `A planted bug fits ${places.length} times (${known}): in ${patch.within} of ${patch.sources}, ${patch.find}`,
      );
    }
    const { path, text, start, end } = place;
    changed.set(path, text.slice(0, start) + patch.replace + text.slice(end));
  }
  return changed;
}

function sourcesOf(folder: string): readonly string[] {
  const root = join(ROOT, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(test|proof|fixture)\.ts$/.test(name))
    .map((name) => join(root, name))
    .sort();
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where the patch fits in one source. */
export function placesIn(path: string, text: string, patch: Omit<Patch, "sources">): Range[] {
  const names = patch.within.split(/[./]/);
  // Parsing is the expensive part.
  if (!text.includes(names.at(-1) ?? "")) return [];
  const wanted = tokensOf(patch.find);
  const found = new Map<number, Range>();
  for (const range of bodiesOf(path, text, names)) {
    const tokens = tokensOf(text.slice(range.start, range.end));
    for (let i = 0; i + wanted.length <= tokens.length; i += 1) {
      if (!wanted.every(({ key }, j) => tokens[i + j]?.key === key)) continue;
      const [first, last] = [tokens[i], tokens[i + wanted.length - 1]];
      if (!first || !last) continue;
      const start = range.start + first.start;
      found.set(start, { start, end: range.start + last.end });
    }
  }
  return [...found.values()];
}

/** The declarations of that name. */
function bodiesOf(path: string, text: string, names: readonly string[]): readonly Range[] {
  return declarationsIn(path, text).filter(
    ({ route }) => route.at(-1) === names.at(-1) && isSubsequence(names, route),
  );
}

interface Declaration extends Range {
  /** What it stands in, from the file's stem on, and its own name. */
  readonly route: readonly string[];
}

/** What was parsed: many patches are of the same few sources. */
const parsed = new Map<string, { readonly text: string; readonly declarations: Declaration[] }>();

function declarationsIn(path: string, text: string): readonly Declaration[] {
  const known = parsed.get(path);
  if (known?.text === text) return known.declarations;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const declarations: Declaration[] = [];
  const visit = (node: ts.Node, outer: readonly string[]): void => {
    const name = nameOf(node);
    const route = name === undefined ? outer : [...outer, name];
    if (name !== undefined) {
      declarations.push({ route, start: node.getStart(source), end: node.end });
    }
    ts.forEachChild(node, (child) => {
      visit(child, route);
    });
  };
  visit(source, [path.slice(path.lastIndexOf("/") + 1, -".ts".length)]);
  parsed.set(path, { text, declarations });
  return declarations;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  const named =
    ts.isFunctionLike(node) ||
    ts.isClassLike(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isPropertyDeclaration(node);
  if (!named || !node.name) return undefined;
  const { name } = node;
  return ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name)
    ? name.text
    : undefined;
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let next = 0;
  for (const name of whole) if (name === part[next]) next += 1;
  return next === part.length;
}

interface Token extends Range {
  /** The same for the same token, however it is written. */
  readonly key: string;
}

const CLOSING = new Set([")", "]", "}"]);

/** The tokens of a piece of source, which needn't be a whole statement. */
function tokensOf(text: string): Token[] {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, text);
  const tokens: Token[] = [];
  /** The braces that are open, and whether each belongs to a template. */
  const braces: boolean[] = [];
  for (;;) {
    let kind = scanner.scan();
    if (kind === ts.SyntaxKind.EndOfFileToken) return tokens;
    if (kind === ts.SyntaxKind.TemplateHead) braces.push(true);
    if (kind === ts.SyntaxKind.OpenBraceToken) braces.push(false);
    if (kind === ts.SyntaxKind.CloseBraceToken && braces.pop()) {
      kind = scanner.reScanTemplateToken(false);
      if (kind === ts.SyntaxKind.TemplateMiddle) braces.push(true);
    }
    if (kind === ts.SyntaxKind.SlashToken && !endsOperand(tokens.at(-1)?.key)) {
      kind = scanner.reScanSlashToken();
    }
    const key =
      kind === ts.SyntaxKind.StringLiteral
        ? JSON.stringify(scanner.getTokenValue())
        : scanner.getTokenText();
    if (CLOSING.has(key) && tokens.at(-1)?.key === ",") tokens.pop();
    tokens.push({ key, start: scanner.getTokenStart(), end: scanner.getTokenEnd() });
  }
}

/** Whether a "/" after it divides, and starts no regular expression. */
function endsOperand(key: string | undefined): boolean {
  return key !== undefined && (/[\w"'`]$/.test(key) || key === ")" || key === "]");
}
