import { Option, type Command } from "commander";
import { connect, type Connections } from "./connections.js";
import { exitCodes, type ExitCode } from "./exit-codes.js";
import { printableJson } from "./printable.js";
import { readSettings, type Settings } from "./settings.js";
import { terminalOf, type Terminal, type World } from "./terminal.js";

/** What a command answers: one of the two forms is printed. */
export interface CommandResult {
  readonly code: ExitCode;
  readonly json: unknown;
  /** For people, at most as wide as the terminal. */
  readonly text: string;
}

/** What a command works with. */
export interface Context extends Connections {
  readonly settings: Settings;
  readonly terminal: Terminal;
  /** Where relative paths begin. */
  readonly cwd: string;
  readonly stdin: World["stdin"];
  now(): number;
  /**
   * Whether to go on with what can't be undone: `--yes`, or a yes at the terminal. Says why not.
   */
  confirmed(question: string, options: { readonly yes?: boolean }): Promise<boolean>;
}

/** Collects the exit code that the process ends with. */
export interface Session {
  readonly world: World;
  code: ExitCode;
  /** What Redis said, for the message about an outage. */
  complaint?: string | undefined;
}

const flagOf = {
  namespace: "--namespace",
  "redis.url": "--redis-url",
  "redis.keyPrefix": "--key-prefix",
  "aws.region": "--region",
  "aws.endpoint": "--endpoint",
} as const;

interface CommonOptions {
  readonly config?: string;
  readonly namespace?: string;
  readonly redisUrl?: string;
  readonly keyPrefix?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly json?: boolean;
}

/** `--config`, how to print and help, which every command has. */
export function withOutputOptions(command: Command): Command {
  const group = "Configuration and output:";
  return command
    .optionsGroup(group)
    .addHelpOption(new Option("-h, --help", "print this").helpGroup(group))
    .option("-c, --config <file>", "JSON file of settings (default: exactly-once.json, if there)")
    .addOption(new Option("--json", "print JSON, as always when stdout isn't a terminal"))
    .addOption(new Option("--no-json", "print text, also when stdout isn't a terminal"));
}

export function withStoreOptions(command: Command): Command {
  return command
    .optionsGroup("Where:")
    .option("-n, --namespace <name>", "the service (EXACTLY_ONCE_NAMESPACE)")
    .option("--redis-url <url>", "redis:// or rediss:// (REDIS_URL)")
    .option("--key-prefix <text>", "the store's keyPrefix (EXACTLY_ONCE_KEY_PREFIX)");
}

export function withAwsOptions(command: Command): Command {
  return command
    .optionsGroup("Where:")
    .option("--region <name>", "AWS region (AWS_REGION)")
    .option("--endpoint <url>", "instead of AWS's own (AWS_ENDPOINT_URL)");
}

export function withDeadLetterOptions(command: Command): Command {
  return command
    .optionsGroup("Queues:")
    .option("-q, --queue <name|url>", "a queue of the configuration file, or a queue's URL")
    .option("--dead-letter-queue <url>", "default: the one that the redrive policy names");
}

/** Of a command that lists what it would do, and asks before it does it. */
export function withSafetyOptions(command: Command): Command {
  return command
    .optionsGroup("Safety:")
    .option("--dry-run", "only list them")
    .option("-y, --yes", "don't ask");
}

/** Makes an action of a piece of work: settings, connections, printing and closing around it. */
export function action<Options, Args extends readonly unknown[]>(
  session: Session,
  work: (context: Context, options: Options, ...args: Args) => Promise<CommandResult>,
) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const common = command.opts<CommonOptions>();
    const terminal = terminalOf(session.world);
    const settings = await readSettings({
      configFile: common.config,
      flags: {
        namespace: flag("namespace", common.namespace),
        "redis.url": flag("redis.url", common.redisUrl),
        "redis.keyPrefix": flag("redis.keyPrefix", common.keyPrefix),
        "aws.region": flag("aws.region", common.region),
        "aws.endpoint": flag("aws.endpoint", common.endpoint),
      },
      env: session.world.env,
      cwd: session.world.cwd,
    });
    const connections = connect(settings);
    const context: Context = {
      ...connections,
      settings,
      terminal,
      cwd: session.world.cwd,
      stdin: session.world.stdin,
      now: session.world.now,
      confirmed: async (question, { yes = false }) => {
        if (yes || (terminal.canAsk && (await terminal.ask(question)))) return true;
        const how = terminal.canAsk ? "" : " There is nobody to ask here: repeat it with --yes.";
        terminal.note(`Nothing was done.${how}`);
        return false;
      },
    };
    try {
      const args = command.processedArgs as unknown as Args;
      const result = await work(context, command.opts() as Options, ...args);
      const asJson = common.json ?? terminal.jsonByDefault;
      terminal.print(asJson ? printableJson(result.json) : result.text);
      session.code = result.code;
    } finally {
      session.complaint = connections.redisComplaint();
      connections.close();
    }
  };
}

export const notConfirmed = (json: unknown, text: string): CommandResult => ({
  code: exitCodes.notConfirmed,
  json,
  text,
});

function flag(path: keyof typeof flagOf, value: string | undefined) {
  return { flag: flagOf[path], ...(value === undefined ? {} : { value }) };
}
