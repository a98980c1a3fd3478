import { ConfigurationError } from "../errors.js";
import type { Emit } from "../events.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { DedupeStore, DeploymentFinding, QueueDescription, Sender } from "../ports/index.js";

/** What a host started with all the same, and whom to tell. */
export interface DeploymentJudge {
  /** The call whose deployment it is, for an error's text. */
  readonly caller: string;
  readonly allow: readonly string[];
  readonly emit: Emit;
}

/**
 * Refuses what breaks a promise and isn't allowed by name; tells the rest.
 *
 * @throws ConfigurationError with all that is refused
 */
export function judgeFindings(
  { caller, allow, emit }: DeploymentJudge,
  subject: "queue" | "store",
  findings: readonly DeploymentFinding[],
): void {
  const isRefused = ({ severity, code }: DeploymentFinding): boolean =>
    severity === "error" && !allow.includes(code);
  const refused = findings.filter(isRefused);
  if (refused.length > 0) {
    const texts = [...new Set(refused.map(({ code, text }) => `${code}: ${text}`))].join(" ");
    const codes = [...new Set(refused.map(({ code }) => code))];
    throw new ConfigurationError(
      `${caller}: ${texts} Or start with it all the same by allow: ${JSON.stringify(codes)}.`,
    );
  }
  for (const finding of findings) {
    const allowed = finding.severity === "error";
    emit({ type: "deploymentFinding", subject, allowed, ...finding });
  }
}

/** Something outside the process that has to be right before anything is sent. */
export interface StartCheck {
  /** A `ConfigurationError` refuses the start; anything else that is thrown passes by itself. */
  verify(signal: AbortSignal): Promise<void>;
  /** The event that tells that it couldn't be asked. */
  readonly unavailable: "storeUnavailable" | "senderUnavailable";
}

/** The own checks of the store and of every sender that has one. */
export function startChecks(
  judge: DeploymentJudge,
  store: DedupeStore,
  pipelines: readonly Pipeline[],
): readonly StartCheck[] {
  const ofStore: StartCheck = {
    unavailable: "storeUnavailable",
    verify: async () => {
      judgeFindings(judge, "store", (await store.verify?.()) ?? []);
    },
  };
  const senders = new Set(
    pipelines.flatMap(({ effects }): Sender<never>[] => Object.values(effects)),
  );
  const ofSenders = [...senders]
    .filter(({ verify }) => verify !== undefined)
    .map((sender): StartCheck => ({
      unavailable: "senderUnavailable",
      verify: async (signal) => sender.verify?.({ signal }),
    }));
  return store.verify === undefined ? ofSenders : [ofStore, ...ofSenders];
}

/** What of a queue's settings endangers the promises. */
export function queueFindings(description: QueueDescription): readonly DeploymentFinding[] {
  const { deadLetter, name, unreadable } = description;
  if (deadLetter) return [];
  const text =
    unreadable ??
    `queue ${name} has no redrive policy: what can't be handled would come back for ever. Give it a dead-letter queue.`;
  return [{ code: "NO_DEAD_LETTER_QUEUE", severity: "error", text }];
}

/**
 * How many tries a message gets before we dead-letter it: one fewer than the queue gives, so that ours
 * comes first. `undefined` leaves it to the queue, or has no end.
 *
 * @throws ConfigurationError where the queue would come first, or could
 */
export function tryBudget(
  caller: string,
  maxTries: number | undefined,
  { deadLetter, name, unreadable }: QueueDescription,
): number | undefined {
  if (!deadLetter) return undefined;
  if (unreadable !== undefined && maxTries === undefined) {
    throw new ConfigurationError(
      `${caller}: queue ${name} may not be looked at, and its own redrive could come before ours: ${unreadable}. Or set maxTries below the redrive policy's maxReceiveCount.`,
    );
  }
  const { maxReceiveCount } = deadLetter;
  if (maxTries !== undefined && maxTries > maxReceiveCount) {
    throw new ConfigurationError(
      `${caller}: maxTries is ${maxTries}, but queue ${name} moves messages away after ${maxReceiveCount} receives, and each try may take one: ours must come first.`,
    );
  }
  if (maxTries !== undefined) return maxTries;
  return Number.isFinite(maxReceiveCount) ? Math.max(1, maxReceiveCount - 1) : undefined;
}
