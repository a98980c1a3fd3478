import {
  ConfigurationError,
  QueueUnavailableError,
  StoreUnavailableError,
  UnreadableRecordError,
} from "@exactly-once/core";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import type { Session } from "./cli-command.js";
import { UnavailableError } from "./errors/unavailable-error.js";
import { UsageError } from "./errors/usage-error.js";
import { exitCodes, exitCodesHelp, type ExitCode } from "./exit-codes.js";
import { printableLines } from "./printable.js";
import type { World } from "./terminal.js";

type AddCommand = (program: Command, session: Session) => void;

/** Commands by group; each is loaded when it is asked for, since some need half of AWS's SDK. */
const commands: readonly {
  readonly title: string;
  readonly load: Readonly<Record<string, () => Promise<AddCommand>>>;
}[] = [
  {
    title: "Control:",
    load: {
      pause: async () => (await import("./commands/pause.js")).addPause,
      resume: async () => (await import("./commands/resume.js")).addResume,
      status: async () => (await import("./commands/status.js")).addStatus,
    },
  },
  {
    title: "What needs attention:",
    load: {
      unresolved: async () => (await import("./commands/unresolved.js")).addUnresolved,
      show: async () => (await import("./commands/show.js")).addShow,
      resolve: async () => (await import("./commands/resolve.js")).addResolve,
      redrive: async () => (await import("./commands/redrive.js")).addRedrive,
      discard: async () => (await import("./commands/discard.js")).addDiscard,
      purge: async () => (await import("./commands/purge.js")).addPurge,
    },
  },
  {
    title: "Moving and repeating:",
    load: {
      republish: async () => (await import("./commands/republish.js")).addRepublish,
      import: async () => (await import("./commands/import.js")).addImport,
    },
  },
  {
    title: "Inspection:",
    load: {
      doctor: async () => (await import("./commands/doctor.js")).addDoctor,
      audit: async () => (await import("./commands/audit.js")).addAudit,
      verify: async () => (await import("./commands/verify.js")).addVerify,
    },
  },
];

/**
 * Runs one command line.
 *
 * @param args without the program's own name
 * @returns the exit code; never rejects
 */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  const session: Session = { world, code: exitCodes.ok };
  try {
    const program = await createProgram(session, args[0]);
    await program.parseAsync([...args], { from: "user" });
    return session.code;
  } catch (error) {
    return explain(error, session);
  }
}

/** @param asked the command's name, if it is the first argument */
async function createProgram(session: Session, asked: string | undefined): Promise<Command> {
  const { stdout, stderr } = session.world;
  const width = () => Math.min(stdout.columns ?? 80, 100);
  const program = new Command("exactly-once")
    .description(
      "The operator's tool of @exactly-once: stop and start sending, settle what nobody knows, " +
        "bring dead letters back, inspect a deployment, and audit what was sent.",
    )
    .version(manifest.version, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(printableLines(text)),
      writeErr: (text) => void stderr.write(printableLines(text)),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
    })
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError("(--help tells more)")
    .helpCommand(false)
    .addHelpText("after", "\nTo know more of a command: exactly-once COMMAND --help")
    .addHelpText("afterAll", exitCodesHelp);
  const isKnown = commands.some(({ load }) => asked !== undefined && Object.hasOwn(load, asked));
  for (const { title, load } of commands) {
    program.commandsGroup(title);
    for (const [name, loadCommand] of Object.entries(load)) {
      // The list of all is for help, and for a name that is spelt wrong.
      if (!isKnown || name === asked) (await loadCommand())(program, session);
    }
  }
  return program;
}

function explain(error: unknown, session: Session): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  const message = error instanceof Error ? error.message : String(error);
  const say = (text: string) =>
    void session.world.stderr.write(`exactly-once: ${printableLines(text)}\n`);
  if (error instanceof UsageError || error instanceof ConfigurationError) {
    say(message);
    return exitCodes.usage;
  }
  if (error instanceof StoreUnavailableError) {
    say(session.complaint === undefined ? message : `${message} (${session.complaint})`);
    return exitCodes.unavailable;
  }
  if (error instanceof UnreadableRecordError) {
    say(message);
    return exitCodes.refused;
  }
  if (error instanceof QueueUnavailableError || error instanceof UnavailableError) {
    say(message);
    return exitCodes.unavailable;
  }
  say(`a fault of this tool: ${error instanceof Error ? (error.stack ?? message) : message}`);
  return exitCodes.fault;
}
