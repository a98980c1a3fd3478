import { core, mutant, notify, ses, type Mutant } from "./mutant.js";
import { SUBTLE_MUTANTS } from "./subtle.js";
import { TRIED_MUTANTS } from "./tried.js";
import { USER_CACHE_MUTANTS } from "./user-cache.js";

/** Bugs that were made, or nearly made, somewhere: none may survive. */
export const MUTANTS: readonly Mutant[] = [
  mutant("ack-before-complete", "The message is deleted while the record isn't done yet.", [
    core(
      "handleMessage",
      "reply = await env.committer.commit(() => options.complete(item));",
      'void env.committer.commit(() => options.complete(item)); reply = "done" as CompleteReply;',
    ),
  ]),
  mutant("sending-not-durable", "A begin that the store never answered counts as granted.", [
    core(
      "requestAttempt",
      "return reserving ? bothAnswered(env, run, request, reserving, beginning) : beginning;",
      'return (reserving ? bothAnswered(env, run, request, reserving, beginning) : beginning).catch(() => "granted" as const);',
    ),
  ]),
  mutant(
    "orphan-begin",
    "A begin without an answer is never given up: an outage leaves holds behind.",
    [core("requestAttempt", "() => { giveUp(env, ref); }", "undefined")],
  ),
  mutant(
    "orphan-begin-after-loss",
    "A begin whose grant was lost on its way, and whose replay comes too late, is never given up.",
    [core("afterRefusal", "if (request.tries > 1) giveUp(env, ref);", "")],
    // A run that knows of its loss repeats nothing, so only a repetition that is itself late gets here.
    20_000,
  ),
  mutant("owner-unchecked", "The store doesn't check who holds the claim.", [
    core(
      "holds",
      'return record.state === "claimed" && record.owner === lease.owner && record.fence === lease.fence;',
      'return record.state === "claimed" && lease.key === record.key;',
    ),
  ]),
  mutant("claim-ignores-lease", "A claim is granted although another's lease is live.", [
    core(
      "claim",
      "if (isLive(record, now)) { if (record.owner",
      "if (record.owner === request.owner) { if (record.owner",
    ),
  ]),
  mutant("fence-not-raised", "The fence doesn't rise with a new claim.", [
    core("grantClaim", "fence: (before?.fence ?? 0) + 1,", "fence: before?.fence ?? 1,"),
  ]),
  mutant("stale-rejected-clears", "'Not sent' about one attempt clears another.", [
    core(
      "settleRejected",
      'if (effect && isOf(record, effect, ref)) { if (effect.state === "rejected")',
      'if (effect) { if (effect.state === "rejected")',
    ),
  ]),
  mutant("begin-ignores-unknown", "An attempt of unknown outcome is simply repeated.", [
    core("begin", "if (!mayRepeat(effect, start, now)) {", "if (now < 0) {"),
  ]),
  mutant("begin-ignores-accepted", "A stored receipt doesn't stop a second attempt.", [
    core(
      "begin",
      'if (effect?.state === "accepted") { return { record, reply: { accepted',
      'if (effect?.state === "dropped") { return { record, reply: { accepted',
    ),
  ]),
  mutant("verdict-too-early", "'Not sent' is believed while the request could still be accepted.", [
    core(
      "resolve",
      'if (state === "sending" || now < effect.staleAt) {',
      'if (state === "sending") {',
    ),
  ]),
  mutant("verdict-unnamed", "A verdict counts for whatever attempt is there now.", [
    core(
      "resolve",
      "if (!record || !effect || !isOf(record, effect, ref)) {",
      "if (!record || !effect) {",
    ),
  ]),
  mutant("late-proof-refused", "A proof counts only while its claim is live.", [
    core(
      "settle",
      'case "accepted": return settleAccepted(',
      'case "accepted": if (!holds(record, ref)) return { record, reply: "lost" }; return settleAccepted(',
    ),
  ]),
  mutant("swallowed-unknown-completes", "A record is done although an outcome is unknown.", [
    core(
      "isOpenTo",
      'if (effect.state === "accepted" || effect.state === "dropped") return false;',
      'if (effect.state !== "blocked") return false;',
    ),
    core("endedRun", "if (holding.length > 0) return holdOrResend(run, holding, now);", ""),
    core("endedRun", "if (thrown) return afterError(run, telling(run, thrown.error));", ""),
    core("endedRun", "if (isWaived(run, slot)) continue;", "if (slot) continue;"),
  ]),
  mutant("swallowed-rejection-completes", "A handler that swallows a refusal completes.", [
    core(
      "isOpenTo",
      'if (effect.state === "accepted" || effect.state === "dropped") return false;',
      'if (["accepted", "dropped", "rejected"].includes(effect.state)) return false;',
    ),
    core("endedRun", "if (isWaived(run, slot)) continue;", "if (slot) continue;"),
  ]),
  mutant("done-forgotten", "A done record is forgotten after five seconds.", [
    core(
      "complete",
      "leaseUntil: now, expiresAt: now + policy.retentionMs, waived:",
      "leaseUntil: now, expiresAt: now + 5_000, waived:",
    ),
  ]),
  mutant("conflict-is-duplicate", "Other content under a known key is taken for a duplicate.", [
    core(
      "claim",
      "if (record.fingerprint !== undefined && record.fingerprint !== request.fingerprint) {",
      "if (record.fingerprint === request.keyText) {",
    ),
  ]),
  mutant("unknown-settled-as-rejected", "A timeout counts as 'not sent'.", [
    core(
      "settleFailure",
      "const settling = env.committer.commit(() => env.store.settle(ref, outcome), { maxTries });",
      'const settling = env.committer.commit(() => env.store.settle(ref, outcome.status === "unknown" ? { status: "rejected", reason: "timeout" } : outcome), { maxTries });',
    ),
  ]),
  mutant("send-repeated", "A send that failed unclearly is repeated at once, as an SDK would.", [
    core(
      "performOnce",
      "outcome = unsent ?? withTimes(env, await sendWithin(env, sender, prepared, attempt));",
      'outcome = unsent ?? withTimes(env, await sendWithin(env, sender, prepared, attempt)); if (outcome.status === "unknown") outcome = await sender.send(prepared, attempt);',
    ),
  ]),
  mutant("moving-deadline", "The attempt's deadline is never over for the process that makes it.", [
    core(
      "GrantedAttempt",
      "this.remainingMs = () => deadline - env.time();",
      "this.remainingMs = () => 60_000;",
    ),
  ]),
  mutant("deadline-moved-before-success", "A lease counts as extended before the queue said so.", [
    core(
      "#extendVisibility",
      "let replies: readonly QueueReply[]; try {",
      "for (const { delivery, visibilityMs } of asked) delivery.confirm(sentAt + visibilityMs * 20); let replies: readonly QueueReply[]; try {",
    ),
  ]),
  mutant("loss-ignored", "A lost delivery goes on as if nothing had happened.", [
    core(
      "extensions/conclude",
      'delivery.loseVisibility(); delivery.onLost("visibility");',
      "delivery.confirm(sentAt + visibilityMs * 20);",
    ),
  ]),
  mutant("siblings-go-on", "After a failure the rest of the FIFO group goes on before it.", [
    core("#releaseSiblings", "this.conclude(sibling, back)", "this.#options.onReady(sibling)"),
  ]),
  mutant("group-side-by-side", "Messages of one FIFO group run side by side.", [
    core(
      "#receiveOne",
      "if (taken.group.messages[0] === taken) this.#ready.push(taken);",
      "this.#ready.push(taken);",
    ),
  ]),
  mutant("redelivery-overtaken", "The rest of a group overtakes a redelivery of its own head.", [
    core(
      "#receiveOne",
      'if (known && known.phase.name !== "concluding") {',
      'if (known?.phase.name === "concluding") { void known.ended().then(() => { this.receive([message], receivedAt); }); return; } if (known) {',
    ),
  ]),
  mutant("busy-is-done", "A key that another replica works on is acknowledged.", [
    core(
      "refusedClaim",
      'return { kind: "hold", reason: "busy", attempts: [], retryAfterMs: reply.retryAfterMs };',
      'return { kind: "acknowledge" };',
    ),
  ]),
  mutant("poison-dropped", "What can't be decoded is deleted without a copy.", [
    core(
      "afterCopy",
      'if (reply === "copied") {',
      'if (reply === "copied" || "failed" in reply) {',
    ),
  ]),
  mutant("buried-too-early", "A message is dead-lettered while its send could still be accepted.", [
    core("bury", "if (tooEarly > now) return { record, reply: { tooEarly } };", ""),
  ]),
  mutant("tripwire-ignored", "The tripwire sees the same content twice and lets it pass.", [
    core(
      "performOnce",
      'if (reply !== "granted" || request.taken !== undefined) {',
      'if (reply !== "granted") {',
    ),
  ]),
  mutant("blocked-is-begun", "What the tripwire blocked is sent by the next delivery.", [
    core(
      "begin",
      'case "blocked": return { record, reply: { blocked: attemptInfo(record, effect, now) } };',
      'case "blocked": break;',
    ),
    core(
      "performOnce",
      "const reservation = live ?",
      "const reservation = live && run.before.length === 0 ?",
    ),
  ]),
  mutant(
    "rate-not-blocked",
    "A recipient who gets too many emails gets the next one all the same.",
    [
      core(
        "checkBudgets",
        'return action === "block" ? `${kind}: ${detail}` : undefined;',
        "return undefined;",
      ),
    ],
  ),
  mutant("resent-without-leave", "An attempt of unknown outcome is repeated under any policy.", [
    core(
      "settleEarlier",
      'if (run.pipeline.onUnknown === "resend") return resend(',
      "if (run.pipeline.onUnknown) return resend(",
    ),
  ]),
  mutant(
    "repeated-beyond-window",
    "A provider that dedupes is sent to after it may have forgotten.",
    [
      core(
        "begin/mayRepeat",
        "return now + start.timeoutMs + start.validityMs < since + start.repeatWithinMs;",
        "return since > 0;",
      ),
      core(
        "sender-times/mayRepeat",
        "return end < (unknownSince ?? startedAt) + withinMs;",
        "return end > 0;",
      ),
    ],
  ),
  mutant("absence-at-once", "What a provider doesn't list is taken for not sent at once.", [
    core(
      "settleEarlier",
      "const isTooEarly = askedAt < attempt.staleAt + CLOCKS_APART_MS;",
      "const isTooEarly = askedAt < 0;",
    ),
    notify(
      "#whyAbsenceSaysNothing",
      'if (atLeast < staleAt + listingLagMs) return "tooEarly";',
      "",
    ),
  ]),
  mutant("refusal-frees", "A refused repetition frees an effect that may have been sent.", [
    core(
      "settleRejected",
      'const state = effect.unknownSince === undefined ? "rejected" : "unknown";',
      'const state = "rejected" as "rejected" | "unknown";',
    ),
  ]),
  mutant("unselected-dropped", "What no pipeline takes is deleted.", [
    core(
      "admitDecoded",
      'return deadLetter("unselected", unselected(name, options.pipelines));',
      'return { refused: { kind: "acknowledge" } };',
    ),
  ]),
  mutant(
    "unawaited-passes",
    "An effect that the handler didn't await doesn't keep the run from ending.",
    [core("handleMessage", "const unawaited = run.pending;", "const unawaited: number = 0;")],
  ),
  mutant("lock-kept-on-hold", "A held message keeps its claim, so nothing ever goes on.", [
    core(
      "#hold",
      'await this.#release(message, counts); if (message.phase.name !== "held") return;',
      'if (message.phase.name !== "held") return;',
    ),
  ]),
  mutant("drain-leaves-timers", "After a drain a timer keeps the process alive.", [
    core(
      "#until",
      "clock.sleep(Math.max(0, at - time()), ended.signal)",
      "clock.sleep(Math.max(0, at - time()))",
    ),
  ]),
  mutant("batch-siblings-go-on", "In Lambda the rest of a FIFO group goes on after a failure.", [
    core(
      "#handleGroup",
      "if (!(await this.#conclude(message, disposition))) break;",
      "if (!(await this.#conclude(message, disposition))) continue;",
    ),
  ]),
  mutant("batch-siblings-deleted", "In Lambda the rest of a failed group isn't named as failed.", [
    core("#handleGroup", "if (!(await this.#conclude(sibling, down ?? SIBLING))) return;", ""),
  ]),
  mutant(
    "batch-succeeds-in-outage",
    "In Lambda a batch counts as handled while the store is down.",
    [
      core(
        "#handleGroup",
        "const disposition = down ?? (await this.#turn(message));",
        'const disposition: Disposition = down ? { kind: "acknowledge" } : await this.#turn(message);',
      ),
    ],
  ),
  mutant(
    "batch-outlives-invocation",
    "A handler in Lambda goes on after its invocation's answer.",
    [
      core(
        "Invocation.process",
        "await Promise.all([...inGroups(messages)].map((group) => this.#handleGroup(group, settled, down)));",
        "const all = Promise.all([...inGroups(messages)].map((group) => this.#handleGroup(group, settled, down))); await Promise.race([all, this.#host.settings.clock.sleep(Math.max(1, this.#deadline - this.#host.time()), this.#ended.signal)]);",
      ),
      core(
        "Invocation.constructor",
        'for (const message of this.#underWay) message.abort("drain");',
        "",
      ),
    ],
  ),
  mutant("verdict-without-watermark", "Silence counts although no later mail's event has come.", [
    ses(
      "judgeSilence",
      'if (mark === undefined || mark <= due || mark > now + limits.clockSlackMs) return "noLaterEvent";',
      "",
    ),
  ]),
  mutant("verdict-with-events-pending", "Silence counts although events wait to be processed.", [
    ses("judgeSilence", "if (pending > 0 &&", "if (pending < 0 &&"),
  ]),
  mutant("verdict-with-dead-letters", "Silence counts although events were dead-lettered.", [
    ses("judgeSilence", 'if (backlog.deadLettered > 0) return "eventsDeadLettered";', ""),
  ]),
  mutant("event-lost-on-outage", "An event is acknowledged although the store didn't take it.", [
    ses(
      "settleAttempt",
      'await store.settle(ref, { status: "accepted", receipt })',
      'await store.settle(ref, { status: "accepted", receipt }).catch(() => "settled" as const)',
    ),
  ]),
  mutant("foreign-event-settles", "Another service's event settles an attempt of ours.", [
    ses(
      "settleEvent",
      "if (attemptId === undefined || event.namespace !== namespace) {",
      "if (attemptId === undefined) {",
    ),
  ]),
  mutant("fence-alone", "The store compares a claim's fence only, which a failover sets back.", [
    core(
      "holds",
      'return record.state === "claimed" && record.owner === lease.owner && record.fence === lease.fence;',
      'return record.state === "claimed" && record.fence === lease.fence;',
    ),
  ]),
  mutant("failover-loses-untold", "The store loses one write more than a failover excuses.", [
    {
      sources: "simulation/src/worlds",
      within: "storeWorld",
      find: "const lost = log.slice(kept).",
      replace: "const lost = log.slice(kept + 1).",
    },
  ]),
  ...SUBTLE_MUTANTS,
  ...TRIED_MUTANTS,
  ...USER_CACHE_MUTANTS,
];
