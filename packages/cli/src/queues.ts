import { findDeadLetterQueueUrl, type RedriveOptions } from "@exactly-once/sqs-adapter";
import type { Context } from "./cli-command.js";
import { UsageError } from "./errors/usage-error.js";
import type { QueueSettings, Settings } from "./settings.js";

const defaults = {
  maxProcessingMs: 600_000,
  consumer: "exactly-once",
  walkMsPerPage: 100,
} as const;

/**
 * The queue a command is about: named in the configuration file, or given by its URL, or the only
 * one there is.
 *
 * @throws UsageError where that leaves none, or several
 */
export function chosenQueue({ queues }: Settings, nameOrUrl: string | undefined): QueueSettings {
  const names = Object.keys(queues);
  if (nameOrUrl === undefined) {
    const only = Object.values(queues);
    if (only.length === 1 && only[0]) return only[0];
    const known = names.length > 0 ? `: one of ${names.join(", ")}, or a URL` : " NAME or URL";
    throw new UsageError(`Say which queue: --queue${known}.`);
  }
  const named = Object.hasOwn(queues, nameOrUrl) ? queues[nameOrUrl] : undefined;
  if (named) return named;
  const known = Object.values(queues).find(({ url }) => url === nameOrUrl);
  if (known) return known;
  if (/^https?:\/\//.test(nameOrUrl)) return { url: nameOrUrl, ...defaults };
  throw new UsageError(
    `There is no queue ${nameOrUrl} in the configuration${names.length > 0 ? ` (${names.join(", ")})` : ""}.`,
  );
}

/**
 * The chosen queue and its dead-letter queue: given, named by the configuration or the redrive policy.
 *
 * @throws UsageError where none is
 */
export async function deadLetterQueuesOf(
  context: Context,
  flags: { readonly queue?: string; readonly deadLetterQueue?: string },
): Promise<RedriveOptions> {
  const { url: queueUrl, deadLetterUrl } = chosenQueue(context.settings, flags.queue);
  const client = await context.sqs();
  const deadLetterQueueUrl =
    flags.deadLetterQueue ?? deadLetterUrl ?? (await findDeadLetterQueueUrl({ client, queueUrl }));
  if (deadLetterQueueUrl === undefined) {
    throw new UsageError(`${queueUrl} names no dead-letter queue: pass --dead-letter-queue URL.`);
  }
  return { client, queueUrl, deadLetterQueueUrl };
}
