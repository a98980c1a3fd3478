import type { MessageFacts } from "../events.js";
import { fingerprintLike } from "../identity/fingerprint.js";
import { isSimulating } from "../pipeline/delivery.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { RecordView } from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import { conflict } from "./claim-reply.js";
import { ACKNOWLEDGE, type Disposition } from "./disposition.js";

/**
 * What becomes of an event that an archive replayed, in a pipeline that doesn't allow that. One whose
 * key is done is a copy like any other; the rest may have been sent so long ago that the store has
 * forgotten it. Only looked up: a claim would leave a record, and a burial one that refuses the key.
 *
 * @returns `undefined` for what is to be handled as usual
 */
export function judgeReplay(
  env: Pick<RunEnvironment, "store" | "delivery" | "emit">,
  admitted: Admitted,
  facts: MessageFacts,
): Promise<Disposition> | undefined {
  const { pipeline, key, envelope, edition } = admitted;
  const name = envelope?.replayName;
  if (name === undefined || pipeline.replays === "allow" || edition !== undefined) return undefined;
  return env.store.read([key.digest]).then(([view]): Disposition => {
    if (view instanceof Error) throw view;
    if (view && isDone(view, isSimulating(env.delivery))) {
      const { fingerprint: bound } = view;
      if (bound !== undefined && fingerprintLike(bound, admitted.content) !== bound) {
        return conflict(admitted, bound, []);
      }
      env.emit({ type: "duplicateSuppressed", effects: view.effects, ...facts });
      return ACKNOWLEDGE;
    }
    const text =
      "It was replayed from an archive, and its key isn't done. To send it on purpose, publish it " +
      'under an edition, or let the pipeline say replays: "allow".';
    return { kind: "deadLetter", code: "replay", text, attemptIds: [], bury: false };
  });
}

/** What was only rehearsed isn't done for a service that is live. */
function isDone({ state, effects }: RecordView, isRehearsal: boolean): boolean {
  if (state !== "done") return false;
  return isRehearsal || !effects.some(({ receipt }) => receipt?.via === "simulated");
}
