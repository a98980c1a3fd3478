import { core, mutant, type Mutant } from "./mutant.js";

/** Bugs that every test passed when they were first planted: each made an oracle necessary. */
export const SUBTLE_MUTANTS: readonly Mutant[] = [
  mutant("deadline-by-wall-clock", "An attempt's deadline is by the wall clock alone.", [
    core(
      "GrantedAttempt",
      "this.remainingMs = () => deadline - env.time();",
      "this.remainingMs = () => this.deadline - env.clock.now();",
    ),
  ]),
  mutant("visibility-from-reply", "The queue's visibility counts from its reply.", [
    core(
      "#extendVisibility",
      "conclude(item, replies[index], sentAt)",
      "conclude(item, replies[index], this.#options.time())",
    ),
  ]),
  mutant("claim-from-reply", "A claim's lease counts from the store's reply.", [
    core(
      "createClaims",
      "claimedUntil: sentAt + (asked[index]?.leaseMs ?? 0)",
      "claimedUntil: time() + (asked[index]?.leaseMs ?? 0)",
    ),
  ]),
  mutant(
    "old-reply-for-new-delivery",
    "A reply about an old handle is taken for one about the new delivery.",
    [
      core(
        "extensions/conclude",
        "if (delivery.message !== message) { delivery.reschedule(); return false; }",
        "",
      ),
    ],
  ),
  mutant("too-old-unburied", "What is too old is dead-lettered, and its record goes on.", [
    core("tooOld", "attemptIds: idsOf(reply), bury: true", "attemptIds: idsOf(reply), bury: false"),
  ]),
  mutant("released-beside-effect", "A claim is released while an effect is under way.", [
    core(
      "handleMessage",
      "if (unawaited > 0) await endEffects(env, run, Math.min(graceMs, EFFECT_GRACE_MS));",
      "",
    ),
  ]),
  mutant("freed-before-rejected", "A reservation is freed before the rejection is durable.", [
    core(
      "settleFailure",
      "const reply = await settling;",
      "await freeReservation(env, granted); const reply = await settling;",
    ),
  ]),
  mutant("handed-back-beside-extension", "A message is handed back beside its extension.", [
    core("QueueCalls.handBack", "await lease.drop();", "void lease.drop();"),
  ]),
  mutant("held-and-lost-goes-on", "A held message that lost its lease is gone on with.", [
    core(
      "#leaseLost",
      'if (message.phase.name === "held") this.#concluder.conclude(message, LOST);',
      "",
    ),
    core("#try", "if (message.lost) return Promise.resolve(LOST);", ""),
    core("afterClaim", "if (message.lost) return LOST;", ""),
  ]),
  mutant("pause-unheeded", "A pause only stops receiving; what is in hand is still sent.", [
    core("assertMayBegin", "if (paused !== undefined)", "if (paused === null)"),
    core("processMessage", "if (env.pausedReason(pipeline.name) !== undefined) return PAUSED;", ""),
  ]),
  mutant("pause-read-once", "Control flags are read at the start, and never again.", [
    core("createControlWatch.run", "await refresh();", "await store.read([]);"),
  ]),
  mutant("store-called-after-stop", "The control flags are read for ever, also after stop.", [
    core("QueueConsumer", "control.stop();", ""),
  ]),
  mutant("observer-ends-process", "An observer that rejects ends the process.", [
    core("createEmit", "if (isPromise(answer)) answer.then(undefined, dropped);", ""),
  ]),
  mutant("begin-repeated-for-ended-run", "A begin is repeated for a run that has ended.", [
    core("requestAttempt", "!run.cancellation.aborted && !env.abandon.aborted", "true"),
  ]),
  mutant("sibling-is-a-try", "A sibling handed back uses up one of its own tries.", [
    core("SIBLING", "counts: false", "counts: true"),
  ]),
  mutant("deferral-is-a-try", "A deferral uses up one of the message's tries.", [
    core(
      "endedRun",
      'return { kind: "retry", reason, delayMs, counts: false, ...error };',
      'return { kind: "retry", reason, delayMs, counts: true, ...error };',
    ),
  ]),
  mutant("outage-is-a-try", "A store that is down uses up the message's tries.", [
    core("storeDown", "counts: false", "counts: true"),
    core("holdInstead", 'case "storeDown": return { kind: "hold", reason, attempts: [] };', ""),
  ]),
];
