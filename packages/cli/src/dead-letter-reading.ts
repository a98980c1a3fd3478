import {
  readDeadLetters,
  returnDeadLetters,
  type DeadLetter,
  type DeadLetterQueueOptions,
} from "@exactly-once/sqs-adapter";

/** Long enough to look at a long queue; what is left over is given back at the end anyway. */
const VISIBILITY_MS = 10 * 60_000;
const BATCH = 10;

/**
 * Reads dead letters page by page and gives back, at the end or when it is interrupted, all that
 * `take` didn't take.
 *
 * @param take answers which letters of a page are gone for good, and whether to go on reading
 */
export async function readAndGiveBack(
  options: DeadLetterQueueOptions,
  take: (
    page: readonly DeadLetter[],
  ) => Promise<{ readonly gone: readonly DeadLetter[]; readonly enough: boolean }>,
): Promise<{ readonly interrupted: boolean }> {
  const kept: DeadLetter[] = [];
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.once("SIGINT", interrupt);
  try {
    for await (const page of readDeadLetters({ ...options, visibilityMs: VISIBILITY_MS })) {
      const before = kept.length;
      kept.push(...page);
      const { gone, enough } = await take(page);
      const left = kept.splice(before).filter((letter) => !gone.includes(letter));
      kept.push(...left);
      if (enough || interrupted) break;
    }
  } finally {
    process.off("SIGINT", interrupt);
    for (let at = 0; at < kept.length; at += BATCH) {
      await returnDeadLetters(kept.slice(at, at + BATCH), options);
    }
  }
  return { interrupted };
}
