import type { DedupeStore } from "@exactly-once/core";
import { parseAttemptId, type Verdict } from "@exactly-once/core/ports";
import { pack } from "../format/packed-ids.js";
import * as replies from "../format/replies.js";
import type { RecordCommands, RecordPlaces } from "./record-commands.js";
import { readUnresolved } from "./unresolved.js";

/** What operators and reconcilers ask for. */
export function redisOperator(
  about: RecordCommands,
  { commands, scripts, keys }: RecordPlaces,
  pageSize: number,
): Pick<DedupeStore, "resolve" | "unresolved"> {
  return {
    resolve: async (attemptId, verdict, { by, why }) => {
      const ref = parseAttemptId(attemptId);
      if (!ref) return "notFound";
      const { key, effect: name, owner, fence, attemptNumber } = ref;
      const args = { name, owner, fence, attemptNumber, ...wordsOf(verdict), attemptId, by, why };
      return about.run("resolve", key, args, replies.decodeResolve);
    },
    unresolved: (cursor) => readUnresolved(commands, scripts, keys, cursor, pageSize),
  };
}

function wordsOf(verdict: Verdict) {
  return typeof verdict === "object"
    ? { verdict: "accept-payload", payload: pack(verdict.acceptPayload) }
    : { verdict, payload: "" };
}
