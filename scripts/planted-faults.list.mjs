/**
 * @typedef {object} Fault
 * @property {string} says what is wrong then
 * @property {string} project whose tests have to notice
 * @property {string} file
 * @property {string} from stands in the file once
 * @property {string} to
 */

/** @type {readonly Fault[]} */
export const faults = [
  {
    says: "A key is granted while another's claim lives",
    project: "core",
    file: "packages/core/src/record/claims.ts",
    from: "  if (isLive(record, now)) {\n    if (record.owner",
    to: "  if (isLive(record, now) && record.owner === request.owner) {\n    if (record.owner",
  },
  {
    says: "A key bound by another version of fingerprints is a conflict",
    project: "core",
    file: "packages/core/src/message/claim-reply.ts",
    from: 'if (reply.status !== "conflict") return undefined;',
    to: "if (reply) return undefined;",
  },
  {
    says: "An answer to what was begun before closes the circuit breaker",
    project: "core",
    file: "packages/core/src/run/circuit-breaker.ts",
    from: "        if (!this.#state.tokens.has(holder)) return;\n",
    to: "",
  },
  {
    says: "What isn't in an old snapshot of users counts as absent",
    project: "core",
    file: "packages/core/src/user-cache/answers.ts",
    from: "if (clock.now() > snapshot.completedAt + absentTtlMs) return undefined;",
    to: "",
  },
  {
    says: "The queue for tests hands out what stands behind a hidden message of its group",
    project: "core",
    file: "packages/core/src/testing/memory-messages.ts",
    from: "(fifo && locked.has(entry.groupId))",
    to: "false",
  },
  {
    says: "An unreadable record is taken for a store that is down",
    project: "redis-store",
    file: "packages/redis-store/src/transport/command-pipelines.ts",
    from: "if (why !== undefined) return new UnreadableRecordError(key, why);",
    to: "",
  },
  {
    says: "A delete that SQS doesn't mention counts as done",
    project: "sqs-adapter",
    file: "packages/sqs-adapter/src/wire/batch.ts",
    from: '({ failed: "noAnswer: SQS did not mention it" })',
    to: '"ok"',
  },
  {
    says: "An answer 5xx of SES counts as not sent",
    project: "ses-adapter",
    file: "packages/ses-adapter/src/wire/classify.ts",
    from: 'return { kind: "unknown", reason: status === 200 ? "unreadableReply" : `status${status}` };',
    to: 'return { kind: "unsent", reason: `status${status}` };',
  },
  {
    says: "A verdict is recorded without being confirmed",
    project: "cli",
    file: "packages/cli/src/commands/resolve.ts",
    from: 'if (!(await context.confirmed("Go on?", options))) {',
    to: 'if (!(await context.confirmed("Go on?", options)) && attempts.length === 0) {',
  },
  {
    says: "A form that is submitted again has the key of the first time",
    project: "formr-notifications",
    file: "examples/formr-notifications/src/form-updated/pipeline.ts",
    from: "      event.eventDate,\n",
    to: "",
  },
];
