/**
 * Arguments that make `node` run this workspace's TypeScript sources, packages included, without a
 * build. For spawning `process.execPath` with a source file: killing that process leaves no child.
 *
 * @type {readonly string[]}
 */
export const nodeTsArgs = [
  "--conditions=@exactly-once/source",
  `--import=${new URL("./lua-hook.mjs", import.meta.url).href}`,
  `--import=${import.meta.resolve("tsx")}`,
];
