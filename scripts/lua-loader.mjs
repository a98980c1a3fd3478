import { readFileSync } from "node:fs";

/**
 * A module `load` hook: Lua scripts become modules whose default export is their text.
 *
 * @template Context, Loaded
 * @param {string} url
 * @param {Context} context
 * @param {(url: string, context: Context) => Loaded} nextLoad
 */
export function loadLua(url, context, nextLoad) {
  const location = new URL(url);
  if (!location.pathname.endsWith(".lua")) return nextLoad(url, context);
  location.search = "";
  const source = `export default ${JSON.stringify(readFileSync(location, "utf8"))};`;
  return { format: "module", source, shortCircuit: true };
}

// The name that `module.register` looks for; it takes the synchronous form, too.
export { loadLua as load };
