import { core, mutant, ses, type Mutant } from "./mutant.js";
import { USER_CACHE_MUTANTS } from "./user-cache.js";

/** Bugs that were made, or nearly made, somewhere: none may survive. */
export const MUTANTS: readonly Mutant[] = [
  mutant("ack-before-complete", "The message is deleted while the record isn't done yet.", [
    core(
      "message/process.ts",
      "reply = await env.committer.commit(() => options.complete(item));",
      'void env.committer.commit(() => options.complete(item)); reply = "done" as CompleteReply;',
    ),
  ]),
  mutant("sending-not-durable", "A begin that the store never answered counts as granted.", [
    core(
      "run/begin-attempt.ts",
      "return reserving ? bothAnswered(env, request, reserving, beginning) : beginning;",
      'return (reserving ? bothAnswered(env, request, reserving, beginning) : beginning).catch(() => "granted" as const);',
    ),
  ]),
  mutant(
    "orphan-begin",
    "A begin without an answer is never given up: an outage leaves holds behind.",
    [
      core(
        "run/begin-attempt.ts",
        "    BEGIN_TRIES,\n    () => {\n      giveUp(env, ref);\n    },",
        "    BEGIN_TRIES,",
      ),
    ],
  ),
  mutant(
    "orphan-begin-after-loss",
    "A begin whose grant was lost on its way, and whose replay comes too late, is never given up.",
    [core("run/begin-attempt.ts", "if (request.tries > 1) giveUp(env, ref);", "")],
  ),
  mutant("owner-unchecked", "The store doesn't check who holds the claim.", [
    core(
      "record/record.ts",
      'return record.state === "claimed" && record.owner === lease.owner && record.fence === lease.fence;',
      'return record.state === "claimed" && lease.key === record.key;',
    ),
  ]),
  mutant("claim-ignores-lease", "A claim is granted although another's lease is live.", [
    core(
      "record/record.ts",
      "  if (isLive(record, now)) {\n    if (record.owner",
      "  if (record.owner === request.owner) {\n    if (record.owner",
    ),
  ]),
  mutant("fence-not-raised", "The fence doesn't rise with a new claim.", [
    core("record/record.ts", "fence: (before?.fence ?? 0) + 1,", "fence: before?.fence ?? 1,"),
  ]),
  mutant("stale-rejected-clears", "'Not sent' about one attempt clears another.", [
    core(
      "record/effects.ts",
      'if (effect && isOf(record, effect, ref)) {\n    if (effect.state === "rejected")',
      'if (effect) {\n    if (effect.state === "rejected")',
    ),
  ]),
  mutant("begin-ignores-unknown", "An attempt of unknown outcome is simply repeated.", [
    core(
      "record/effects.ts",
      'case "unknown":\n      return { record, reply: { unknown: attemptInfo(record, effect, now) } };',
      'case "unknown":\n      break;',
    ),
  ]),
  mutant("begin-ignores-accepted", "A stored receipt doesn't stop a second attempt.", [
    core(
      "record/effects.ts",
      'if (effect?.state === "accepted") {\n    return { record, reply: { accepted',
      'if (effect?.state === "dropped") {\n    return { record, reply: { accepted',
    ),
  ]),
  mutant("verdict-too-early", "'Not sent' is believed while the request could still be accepted.", [
    core(
      "record/effects.ts",
      'if (state === "sending" || now < effect.staleAt) {',
      'if (state === "sending") {',
    ),
  ]),
  mutant("verdict-unnamed", "A verdict counts for whatever attempt is there now.", [
    core(
      "record/effects.ts",
      "if (!record || !effect || !isOf(record, effect, ref)) {",
      "if (!record || !effect) {",
    ),
  ]),
  mutant("late-proof-refused", "A proof counts only while its claim is live.", [
    core(
      "record/effects.ts",
      'case "accepted":\n      return settleAccepted(',
      'case "accepted":\n      if (!holds(record, ref)) return { record, reply: "lost" };\n      return settleAccepted(',
    ),
  ]),
  mutant("swallowed-unknown-completes", "A record is done although an outcome is unknown.", [
    core(
      "record/record.ts",
      'if (effect.state === "accepted" || effect.state === "dropped") return false;',
      'if (effect.state !== "held") return false;',
    ),
    core("message/process.ts", "if (holding.length > 0) return holdOrResend(run, holding);", ""),
    core(
      "message/process.ts",
      "if (thrown) return afterError(run, telling(run, thrown.error));",
      "",
    ),
    core("message/process.ts", "if (isWaived(run, slot)) continue;", "if (slot) continue;"),
  ]),
  mutant("swallowed-rejection-completes", "A handler that swallows a refusal completes.", [
    core(
      "record/record.ts",
      'if (effect.state === "accepted" || effect.state === "dropped") return false;',
      'if (["accepted", "dropped", "rejected"].includes(effect.state)) return false;',
    ),
    core("message/process.ts", "if (isWaived(run, slot)) continue;", "if (slot) continue;"),
  ]),
  mutant("done-forgotten", "A done record is forgotten after five seconds.", [
    core(
      "record/record.ts",
      "leaseUntil: now,\n    expiresAt: now + policy.retentionMs,\n    waived:",
      "leaseUntil: now,\n    expiresAt: now + 5_000,\n    waived:",
    ),
  ]),
  mutant("conflict-is-duplicate", "Other content under a known key is taken for a duplicate.", [
    core(
      "record/record.ts",
      "if (record.fingerprint !== undefined && record.fingerprint !== request.fingerprint) {",
      "if (record.fingerprint === request.keyText) {",
    ),
  ]),
  mutant("unknown-settled-as-rejected", "A timeout counts as 'not sent'.", [
    core(
      "run/settle-attempt.ts",
      "const settling = env.committer.commit(() => env.store.settle(ref, outcome), maxTries);",
      'const settling = env.committer.commit(() => env.store.settle(ref, outcome.status === "unknown" ? { status: "rejected", reason: "timeout" } : outcome), maxTries);',
    ),
  ]),
  mutant("send-repeated", "A send that failed unclearly is repeated at once, as an SDK would.", [
    core(
      "run/once.ts",
      "outcome = unsent ?? timed(env, await sender.send(prepared, attempt));",
      'outcome = unsent ?? timed(env, await sender.send(prepared, attempt)); if (outcome.status === "unknown") outcome = await sender.send(prepared, attempt);',
    ),
  ]),
  mutant("moving-deadline", "The attempt's deadline is never over for the process that makes it.", [
    core(
      "run/settle-attempt.ts",
      "this.remainingMs = () => deadline - env.time();",
      "this.remainingMs = () => 60_000;",
    ),
  ]),
  mutant("deadline-moved-before-success", "A lease counts as extended before the queue said so.", [
    core(
      "leases/lease-keeper.ts",
      "    const confirmed: Entry[] = [];\n    try {",
      "    const confirmed: Entry[] = [];\n    for (const { entry, forMs } of sendable) moveVisibility(entry, sentAt + forMs * 20);\n    try {",
    ),
  ]),
  mutant("loss-ignored", "A lost delivery goes on as if nothing had happened.", [
    core(
      "leases/lease-keeper.ts",
      'entry.visibleUntil = time();\n          lose(entry, "visibility");',
      "moveVisibility(entry, sentAt + forMs * 20);",
    ),
  ]),
  mutant("siblings-go-on", "After a failure the rest of the FIFO group goes on before it.", [
    core(
      "consumer/settler.ts",
      "for (const sibling of lanes.cutAt(flight)) settle(sibling, SIBLING);",
      "for (const sibling of lanes.cutAt(flight)) options.onReady(sibling);",
    ),
  ]),
  mutant("group-side-by-side", "Messages of one FIFO group run side by side.", [
    core(
      "consumer/dispatcher.ts",
      "else if (!flight.lane || flight.lane.flights[0] === flight) ready.push(flight);",
      "else ready.push(flight);",
    ),
  ]),
  mutant("redelivery-overtaken", "The rest of a group overtakes a redelivery of its own head.", [
    core(
      "consumer/dispatcher.ts",
      'if (known && known.phase !== "ending") {',
      'if (known?.phase === "ending") { void endOf(known).then(() => { receive([message], receivedAt); }); return; }\n    if (known) {',
    ),
  ]),
  mutant("busy-is-done", "A key that another replica works on is acknowledged.", [
    core(
      "message/claim-reply.ts",
      'return { kind: "hold", reason: "busy", attempts: [], retryAfterMs: reply.retryAfterMs };',
      'return { kind: "acknowledge" };',
    ),
  ]),
  mutant("poison-dropped", "What can't be decoded is deleted without a copy.", [
    core(
      "consumer/settler.ts",
      'if (copied === "copied") {',
      'if (copied === "copied" || "failed" in copied) {',
    ),
  ]),
  mutant("buried-too-early", "A message is dead-lettered while its send could still be accepted.", [
    core("record/record.ts", "if (tooEarly > now) return { record, reply: { tooEarly } };", ""),
  ]),
  mutant("tripwire-ignored", "The tripwire sees the same content twice and lets it pass.", [
    core(
      "run/once.ts",
      'if (reply !== "granted" || request.taken !== undefined) {',
      'if (reply !== "granted") {',
    ),
  ]),
  mutant("held-is-begun", "What the tripwire holds is sent by the next delivery.", [
    core(
      "record/effects.ts",
      'case "held":\n      return { record, reply: { held: attemptInfo(record, effect, now) } };',
      'case "held":\n      break;',
    ),
    core(
      "run/once.ts",
      "const reservation = live ?",
      "const reservation = live && run.before.length === 0 ?",
    ),
  ]),
  mutant("rate-not-held", "A recipient who gets too many emails gets the next one all the same.", [
    core(
      "run/once.ts",
      'return action === "hold" ? `${tripped.kind}: ${detail}` : undefined;',
      "return undefined;",
    ),
  ]),
  mutant("resent-without-leave", "An attempt of unknown outcome is repeated under any policy.", [
    core(
      "run/begin-attempt.ts",
      'if (run.pipeline.onUnknown === "resend") return resend(',
      "if (run.pipeline.onUnknown) return resend(",
    ),
  ]),
  mutant("unselected-dropped", "What no pipeline takes is deleted.", [
    core(
      "message/admit.ts",
      'return deadLetter("unselected", `No pipeline takes it (selected: ${name ?? "none"}).`);',
      'return { refused: { kind: "acknowledge" } };',
    ),
  ]),
  mutant(
    "unawaited-passes",
    "An effect that the handler didn't await doesn't keep the run from ending.",
    [core("message/process.ts", "const unawaited = run.pending;", "const unawaited: number = 0;")],
  ),
  mutant("lock-kept-on-hold", "A held message keeps its claim, so nothing ever goes on.", [
    core(
      "consumer/settler.ts",
      '    await releaseClaim(flight);\n    if (flight.phase !== "held") return;',
      '    if (flight.phase !== "held") return;',
    ),
  ]),
  mutant("drain-leaves-timers", "After a drain a timer keeps the process alive.", [
    core(
      "consumer/consumer.ts",
      "clock.sleep(Math.max(0, at - time()), ended.signal)",
      "clock.sleep(Math.max(0, at - time()))",
    ),
  ]),
  mutant("batch-siblings-go-on", "In Lambda the rest of a FIFO group goes on after a failure.", [
    core(
      "batch/batch-processor.ts",
      "await Promise.all(group.slice(index + 1).map((sibling) => conclusions.handBack(sibling, 0)));\n      return;",
      "continue;",
    ),
  ]),
  mutant("batch-siblings-deleted", "In Lambda the rest of a failed group isn't named as failed.", [
    core(
      "batch/batch-processor.ts",
      "await Promise.all(group.slice(index + 1).map((sibling) => conclusions.handBack(sibling, 0)));\n      return;",
      "for (const { id } of group.slice(index + 1)) invocation.settled.add(id);\n      return;",
    ),
  ]),
  mutant(
    "batch-succeeds-in-outage",
    "In Lambda a batch counts as handled while the store is down.",
    [
      core(
        "batch/batch-processor.ts",
        "await Promise.all(messages.map((message) => conclusions.handBackForOutage(message)));",
        "for (const { id } of messages) settled.add(id);",
      ),
    ],
  ),
  mutant(
    "batch-outlives-invocation",
    "A handler in Lambda goes on after its invocation's answer.",
    [
      core(
        "batch/batch-processor.ts",
        "await Promise.all([...inGroups(messages)].map((group) => handleGroup(invocation, group)));",
        "const all = Promise.all([...inGroups(messages)].map((group) => handleGroup(invocation, group)));\n      await Promise.race([all, clock.sleep(Math.max(1, remainingMs - CLOSING_MS), closing.signal)]);",
      ),
      core("batch/batch-processor.ts", 'if (!ended.signal.aborted) abort("drain");', ""),
    ],
  ),
  mutant("verdict-without-watermark", "Silence counts although no later mail's event has come.", [
    ses(
      "events/judge-silence.ts",
      'if (mark === undefined || mark <= due) return "noLaterEvent";',
      "",
    ),
  ]),
  mutant("verdict-with-events-pending", "Silence counts although events wait to be processed.", [
    ses("events/judge-silence.ts", "if (pending > 0 &&", "if (pending < 0 &&"),
  ]),
  mutant("verdict-with-dead-letters", "Silence counts although events were dead-lettered.", [
    ses(
      "events/judge-silence.ts",
      'if (backlog.deadLettered > 0) return "eventsDeadLettered";',
      "",
    ),
  ]),
  mutant("event-lost-on-outage", "An event is acknowledged although the store didn't take it.", [
    ses(
      "settle-event.ts",
      'await store.settle(ref, { status: "accepted", receipt });',
      'await store.settle(ref, { status: "accepted", receipt }).catch(() => "settled" as const);',
    ),
  ]),
  mutant("foreign-event-settles", "Another service's event settles an attempt of ours.", [
    ses(
      "settle-event.ts",
      "if (attemptId === undefined || event.namespace !== namespace) {",
      "if (attemptId === undefined) {",
    ),
  ]),
  mutant("fence-alone", "The store compares a claim's fence only, which a failover sets back.", [
    core(
      "record/record.ts",
      'return record.state === "claimed" && record.owner === lease.owner && record.fence === lease.fence;',
      'return record.state === "claimed" && record.fence === lease.fence;',
    ),
  ]),
  mutant("failover-loses-untold", "The store loses one write more than a failover excuses.", [
    {
      file: "simulation/src/worlds/store.ts",
      find: "const lost = log.slice(kept).",
      replace: "const lost = log.slice(kept + 1).",
    },
  ]),
  ...USER_CACHE_MUTANTS,
];
