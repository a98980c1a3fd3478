import { createHistoryImporter, type HistoryImporter } from "@exactly-once/core/ports";
import { UnreadableRecordError, type Decoder, type Pipeline } from "@exactly-once/core";
import type { Command } from "commander";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { readValues, type InputValue } from "../audit/read-values.js";
import {
  action,
  notConfirmed,
  withOutputOptions,
  withStoreOptions,
  type CommandResult,
  type Session,
} from "../cli-command.js";
import { connect } from "../connections.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { parseDuration, showDuration } from "../moments.js";
import { namespaceOf } from "../scope.js";

interface ImportFlags {
  readonly pipelines: string;
  readonly retention: number;
  readonly yes?: boolean;
}

const lineSchema = z.strictObject({
  body: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  attributes: z.record(z.string().min(1), z.string()).default({}),
  sentAt: z.iso.datetime({ offset: true }).optional(),
});

/** Events under way at a time. */
const AT_ONCE = 50;
/** Failures that are told one by one. */
const MOST_TOLD = 1_000;

export function addImport(program: Command, session: Session): void {
  const command = program
    .command("import")
    .summary("write what an older system already sent as done")
    .description(
      "Writes a history: each event's key is done then, so that a move to this library doesn't send " +
        "it again. Decoder, validation and key are those of your pipelines. It is written only where " +
        "nothing stands; everything else is a failure, told by its line. Let it end before the first " +
        'consumer starts. A line is {"body": …, "attributes"?: {…}, "sentAt"?: ISO 8601}.',
    )
    .argument("<file>", "JSON lines; .gz is unpacked, - is stdin")
    .requiredOption(
      "--pipelines <module>",
      "a JavaScript module that exports pipelines, and decode and select where you have them",
    )
    .requiredOption(
      "--retention <duration>",
      "how long they stay done: as long as a copy may come, such as 28d",
      parseDuration,
    )
    .optionsGroup("Safety:")
    .option("-y, --yes", "don't ask");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, flags: ImportFlags, path: string): Promise<CommandResult> => {
      const namespace = namespaceOf(context.settings);
      const given = await pipelinesOf(resolve(context.cwd, flags.pipelines));
      const names = given.pipelines.map(({ name }) => name).join(", ");
      const question = `Write the events of ${path} as sent, by ${names} of ${namespace}, for ${showDuration(flags.retention)}?`;
      if (!(await context.confirmed(question, flags))) {
        return notConfirmed({ namespace, confirmed: false }, "");
      }
      const connections = connect({ ...context.settings, doneRetentionMs: flags.retention });
      try {
        const store = await connections.store();
        const importer = createHistoryImporter({ namespace, store, ...given });
        const file = path === "-" ? path : resolve(context.cwd, path);
        return report(await importAll(importer, readValues(file, context.stdin), basename(path)));
      } finally {
        connections.close();
      }
    }),
  );
}

interface Given {
  readonly pipelines: readonly Pipeline[];
  readonly decode?: Decoder;
  readonly select?: (decoded: unknown) => string | undefined;
}

/** @throws UsageError where the module can't be loaded, or exports no pipeline */
async function pipelinesOf(module: string): Promise<Given> {
  const exported = (await import(pathToFileURL(module).href).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${module} can't be loaded: ${why}`, { cause });
  })) as Readonly<Record<string, unknown>>;
  const pipelines = Object.values(exported).flat().filter(isPipeline);
  if (pipelines.length === 0) throw new UsageError(`${module} exports no pipeline.`);
  const { decode, select } = exported;
  return {
    pipelines: [...new Set(pipelines)],
    ...(typeof decode === "function" ? { decode: decode as Decoder } : {}),
    ...(typeof select === "function" ? { select: select as NonNullable<Given["select"]> } : {}),
  };
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "handler" in value && "key" in value;
}

interface Imported {
  imported: number;
  alreadyDone: number;
  failed: number;
  readonly failures: { readonly line: number; readonly why: string }[];
}

async function importAll(
  importer: HistoryImporter,
  lines: AsyncIterable<InputValue>,
  file: string,
): Promise<Imported> {
  const counts: Imported = { imported: 0, alreadyDone: 0, failed: 0, failures: [] };
  let some: InputValue[] = [];
  const write = async () => {
    const replies = some.map(async (input) => ({
      line: input.line,
      reply: await importLine(importer, input, file),
    }));
    some = [];
    for (const { line, reply } of await Promise.all(replies)) {
      if (typeof reply === "string") counts[reply] += 1;
      else {
        counts.failed += 1;
        if (counts.failures.length < MOST_TOLD) counts.failures.push({ line, why: reply.failed });
      }
    }
  };
  for await (const line of lines) {
    some.push(line);
    if (some.length === AT_ONCE) await write();
  }
  await write();
  return counts;
}

async function importLine(importer: HistoryImporter, { line, value }: InputValue, file: string) {
  const { success, data } = lineSchema.safeParse(value);
  if (!success) return { failed: 'not of the form {"body": …, "attributes"?: …, "sentAt"?: …}' };
  const { body, attributes, sentAt } = data;
  try {
    return await importer.import({
      ...{ id: `import ${file} line ${line}`, handle: "", attributes, receiveCount: 1 },
      body: typeof body === "string" ? body : JSON.stringify(body),
      sentAt: sentAt === undefined ? 0 : Date.parse(sentAt),
    });
  } catch (error) {
    if (error instanceof UnreadableRecordError) return { failed: error.message };
    throw error;
  }
}

function report(counts: Imported): CommandResult {
  const { imported, alreadyDone, failed, failures } = counts;
  const shown = failures.slice(0, 20).map(({ line, why }) => `  line ${line}: ${why}`);
  const more = failed > shown.length ? [`  … and ${failed - shown.length} more`] : [];
  return {
    code: failed > 0 ? exitCodes.refused : exitCodes.ok,
    json: counts,
    text: [
      `${imported} written as done, ${alreadyDone} were done already, ${failed} failed.`,
      ...shown,
      ...more,
    ].join("\n"),
  };
}
