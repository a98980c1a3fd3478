import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";

/** What each file imports of its own package, types included, as long as ESLint runs. */
const known = new Map();

/**
 * @param {string} file
 * @param {string} [text] of the file, where it isn't what is on the disk
 * @returns {readonly string[]}
 */
function importsOf(file, text) {
  const cached = text === undefined ? known.get(file) : undefined;
  if (cached) return cached;
  const { importedFiles } = ts.preProcessFile(text ?? readFileSync(file, "utf8"), true, true);
  const found = importedFiles.flatMap(({ fileName }) => resolveImport(file, fileName) ?? []);
  if (text === undefined) known.set(file, found);
  return found;
}

/**
 * @param {string} from
 * @param {string} specifier
 */
function resolveImport(from, specifier) {
  if (!specifier.startsWith(".")) return undefined;
  const path = resolve(dirname(from), specifier).replace(/\.js$/, ".ts");
  return path.endsWith(".ts") && existsSync(path) ? path : undefined;
}

/**
 * The way from one file to another over what they import.
 *
 * @param {string} from
 * @param {string} to
 * @returns {readonly string[] | undefined}
 */
function routeBetween(from, to) {
  /** @type {(readonly string[])[]} */
  const routes = [[from]];
  const seen = new Set([from]);
  for (let route = routes.shift(); route; route = routes.shift()) {
    const last = route.at(-1) ?? from;
    if (last === to) return route;
    for (const next of importsOf(last)) {
      if (seen.has(next)) continue;
      seen.add(next);
      routes.push([...route, next]);
    }
  }
  return undefined;
}

/**
 * Visits each import of a file, in every form.
 *
 * @param {import("eslint").Rule.RuleContext} context
 * @param {(target: string, node: import("eslint").Rule.Node) => void} visit
 * @returns {import("eslint").Rule.RuleListener}
 */
function eachImport(context, visit) {
  /** @param {any} node */
  const look = (node) => {
    const specifier = node.source?.value;
    const target =
      typeof specifier === "string" ? resolveImport(context.filename, specifier) : undefined;
    if (target) visit(target, node);
  };
  return {
    ImportDeclaration: look,
    ExportNamedDeclaration: look,
    ExportAllDeclaration: look,
    ImportExpression: look,
    TSImportType: look,
  };
}

/** No file leads back to itself, not even by types: a file can be read without those that use it. */
const noCycle = {
  /** @param {import("eslint").Rule.RuleContext} context */
  create: (context) =>
    eachImport(context, (target, node) => {
      const route = routeBetween(target, context.filename);
      if (!route) return;
      const names = route.map((file) => relative(dirname(context.filename), file)).join(" → ");
      context.report({ node, message: `This leads back here: ${names}` });
    }),
};

/**
 * A folder uses only those that come before it in a list; files beside the folders count by their names
 * without the ending.
 */
const folderOrder = {
  meta: { schema: [{ type: "object" }] },
  /** @param {import("eslint").Rule.RuleContext} context */
  create: (context) => {
    const [{ root, order }] =
      /** @type {[{ readonly root: string, readonly order: readonly string[] }]} */ (
        context.options
      );
    const base = join(context.cwd, root);
    /** @param {string} file */
    const folderOf = (file) => (relative(base, file).split(sep)[0] ?? "").replace(/\.ts$/, "");
    const own = folderOf(context.filename);
    return {
      /** @param {any} node */
      Program: (node) => {
        if (order.includes(own)) return;
        context.report({ node, message: `Give ${own} its place in scripts/eslint/folders.mjs.` });
      },
      ...eachImport(context, (target, node) => {
        const other = folderOf(target);
        if (own === other || order.indexOf(other) < order.indexOf(own)) return;
        context.report({ node, message: `${own} comes before ${other}, and may not use it.` });
      }),
    };
  },
};

/** Files that are for others than those the rule is on for. */
const notFor = {
  meta: { schema: [{ type: "object" }] },
  /** @param {import("eslint").Rule.RuleContext} context */
  create: (context) => {
    const [{ files, message }] =
      /** @type {[{ readonly files: readonly string[], readonly message: string }]} */ (
        context.options
      );
    return eachImport(context, (target, node) => {
      if (files.includes(relative(context.cwd, target))) context.report({ node, message });
    });
  },
};

/** @type {import("eslint").ESLint.Plugin} */
export const importGraph = {
  rules: { "no-cycle": noCycle, "folder-order": folderOrder, "not-for": notFor },
};
