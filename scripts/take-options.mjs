/**
 * Takes a command's own options out of its arguments, and leaves the rest for the tool that it calls.
 *
 * @template {Readonly<Record<string, "flag" | "value">>} Kinds
 * @param {readonly string[]} args
 * @param {Kinds} kinds
 * @returns {{ options: { [Name in keyof Kinds]?: string }, rest: string[] }} a flag's value is ""
 */
export function takeOptions(args, kinds) {
  /** @type {Record<string, string>} */
  const options = {};
  const rest = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    const [name = "", value] = arg.replace(/^--/, "").split(/=(.*)/s);
    const kind = arg.startsWith("--") ? kinds[name] : undefined;
    if (kind === undefined) rest.push(arg);
    else if (kind === "flag") options[name] = "";
    else options[name] = value ?? args[(i += 1)] ?? "";
  }
  return { options: /** @type {any} */ (options), rest };
}
