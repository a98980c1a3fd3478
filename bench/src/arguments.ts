import { parseArgs, type ParseArgsConfig } from "node:util";

/**
 * The command line's arguments. `--help` prints the usage and ends with 0; what isn't understood, and
 * a number that isn't one, prints it behind the reason and ends with 2.
 *
 * @param numbers options that must be whole numbers, and the least that each may be
 */
export function readArguments<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
  numbers: Readonly<Record<string, number>> = {},
): ReturnType<typeof parseArgs<Config>> {
  if (process.argv.includes("--help") || process.argv.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    const parsed = parseArgs(config);
    const values: Readonly<Record<string, unknown>> = parsed.values;
    for (const [name, least] of Object.entries(numbers)) {
      const value = Number(values[name]);
      if (Number.isInteger(value) && value >= least) continue;
      throw new Error(
        `--${name} takes a whole number from ${least} on, not ${String(values[name])}.`,
      );
    }
    return parsed;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
