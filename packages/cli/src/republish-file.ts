import { EDITION_ATTRIBUTE } from "@exactly-once/core/ports";
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UsageError } from "./errors/usage-error.js";

/** SQS takes ten attributes; one names the edition. */
const MOST_ATTRIBUTES = 9;
const EDITION = /^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,98}[A-Za-z0-9])?$/;

const lineSchema = z.strictObject({
  key: z.union([
    z.string().min(1),
    z.array(z.union([z.string().min(1), z.number(), z.boolean(), z.null()])).min(1),
  ]),
  body: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  groupId: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional(),
  attributes: z
    .record(z.string().min(1), z.string().min(1))
    .refine((given) => Object.keys(given).length <= MOST_ATTRIBUTES)
    .default({}),
});

/** One event to be sent again. */
export interface Republished {
  readonly line: number;
  readonly body: string;
  readonly groupId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of the key and the edition: the same event sent twice under one edition is one message. */
  readonly deduplicationId: string;
}

export interface RepublishFile {
  /** Of its bytes: a name of an edition is bound to it. */
  readonly digest: string;
  readonly events: readonly Republished[];
  /** Lines whose key stands in the file before. */
  readonly suppressed: readonly number[];
}

/** @throws UsageError for a name that editions can't have */
export function checkEdition(edition: string): void {
  if (EDITION.test(edition)) return;
  throw new UsageError(
    "--edition must be 1 to 100 of [A-Za-z0-9 ._-], a letter or a digit first and last.",
  );
}

/**
 * Reads events to be sent again: JSON lines `{"key", "body", "groupId"?, "attributes"?}`.
 *
 * @throws UsageError naming each line that can't be sent, up to ten; nothing of the file is then sent
 */
export async function readRepublishFile(path: string, edition: string): Promise<RepublishFile> {
  const content = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${path} can't be read.`, { cause });
  });
  const events = new Map<string, Republished>();
  const suppressed: number[] = [];
  const faults: string[] = [];
  for (const [at, text] of content.toString("utf8").split("\n").entries()) {
    if (text.trim() === "") continue;
    const event = parseLine(text, at + 1, edition);
    if (typeof event === "string") faults.push(event);
    else if (events.has(event.deduplicationId)) suppressed.push(event.line);
    else events.set(event.deduplicationId, event);
  }
  if (faults.length > 0) {
    const more = faults.length > 10 ? [`… and ${faults.length - 10} more`] : [];
    throw new UsageError([`${path} can't be sent:`, ...faults.slice(0, 10), ...more].join("\n"));
  }
  return { digest: hash("sha256", content), events: [...events.values()], suppressed };
}

/** @returns the event, or what is wrong with it: where, and nothing of what stands there */
function parseLine(text: string, line: number, edition: string): Republished | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `line ${line} isn't JSON`;
  }
  const { success, data, error } = lineSchema.safeParse(value);
  if (!success) {
    const places = error.issues.map(({ path }) => path[0] ?? "the line itself");
    return `line ${line}: check ${[...new Set(places)].join(", ")}`;
  }
  const deduplicationId = hash("sha256", JSON.stringify([edition, data.key]));
  return {
    line,
    body: typeof data.body === "string" ? data.body : JSON.stringify(data.body),
    groupId: data.groupId ?? deduplicationId,
    attributes: { ...data.attributes, [EDITION_ATTRIBUTE]: edition },
    deduplicationId,
  };
}
