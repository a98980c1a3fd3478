import type { Sender } from "@exactly-once/core";
import {
  type Attempt,
  NotSentError,
  type Outcome,
  type PreparedSummary,
} from "@exactly-once/core/ports";
import type { Site } from "../kernel/decisions.js";
import { EPOCH, type Life } from "../kernel/host.js";
import { ServiceFault, type Service } from "../kernel/network.js";
import { DEDUPE_MS, type SesReply, type SesWorld } from "../worlds/ses.js";

export interface Mail {
  readonly to: string;
  readonly text: string;
}

export interface PreparedMail extends PreparedSummary {
  readonly to: string;
}

/** `idempotent`: it dedupes on the effect. */
export type Provider = "plain" | "idempotent";

/** What senders other than the SES adapter's may do. */
export interface MailerHabits {
  readonly provider: Provider;
  /** The provider's rate is used up: come back later. */
  readonly full: Site;
  /** Throws where others answer. */
  readonly throwing: boolean;
}

export interface MailerSettings {
  readonly habits?: MailerHabits;
  /** Milliseconds an attempt may take from `begin` to its signature. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds after the deadline for which the signature could still be good, skew included. */
  readonly validityMs: number;
  /** Where the process may stand still between its last check and the signature. */
  readonly pausePoint: (life: Life) => Promise<void>;
}

export interface MailWatch {
  /** From here on nothing keeps the request back. */
  onSigned(attemptId: string): void;
}

/** The wires of one host to the mail provider. */
export interface MailWires {
  connect(life: Life, watch: MailWatch): Sender<Mail, PreparedMail>;
}

/** A sender as the SES adapter is one: one request, none after the deadline, classes as documented. */
export function mailWires(
  host: string,
  service: Service,
  world: SesWorld,
  settings: MailerSettings,
): MailWires {
  const wire = service.wire(host, "send");
  const { habits } = settings;

  async function send(
    life: Life,
    watch: MailWatch,
    mail: PreparedMail,
    attempt: Attempt,
  ): Promise<Outcome> {
    await settings.pausePoint(life);
    if (attempt.remainingMs() <= 0) return { status: "rejected", reason: "deadline" };
    if (attempt.signal.aborted) return { status: "rejected", reason: "aborted" };
    const request = {
      attemptId: attempt.id,
      effectId: attempt.effectId,
      namespace: attempt.namespace,
      recipient: mail.to,
      contentDigest: mail.contentDigest,
      signedAt: life.clock.now() - EPOCH,
    };
    watch.onSigned(attempt.id);
    try {
      const reply = await wire.call(
        life,
        () => world.send(request),
        (answer) => (answer.status === "accepted" ? answer.messageId : answer.status),
      );
      return classify(reply, life);
    } catch (error) {
      const kind = error instanceof ServiceFault ? error.kind : "reset";
      if (habits?.throwing) throw kind === "refused" ? new NotSentError("refused") : error;
      return kind === "refused"
        ? { status: "rejected", reason: "refused" }
        : { status: "unknown", reason: kind };
    }
  }

  function otherPorts(): Pick<Sender<Mail>, "idempotent" | "admit"> {
    if (!habits) return {};
    const { provider, full } = habits;
    return {
      ...(provider === "idempotent" ? { idempotent: { windowMs: DEDUPE_MS } } : {}),
      admit: async () => {
        const share = full.next();
        if (share === 0) return undefined;
        // Somebody else's code may get its numbers wrong.
        const deferMs = share > NO_NUMBER ? Number.NaN : share * MAX_DEFER_MS;
        return { deferMs, reason: "rate" };
      },
    };
  }

  return {
    connect: (life, watch) => ({
      ...otherPorts(),
      attemptTimeoutMs: settings.attemptTimeoutMs,
      validityMs: settings.validityMs,
      prepare: async ({ to, text }) => ({ to, recipients: [to], contentDigest: `${to}|${text}` }),
      summarize: (prepared) => (habits ? { ...prepared, template: "form" } : prepared),
      send: (prepared, attempt) => send(life, watch, prepared, attempt),
    }),
  };
}

const MAX_DEFER_MS = 5_000;
/** Of deferrals above this share of the longest. */
const NO_NUMBER = 0.8;

function accepted(life: Life, id: string): Outcome {
  return { status: "accepted", receipt: { id, at: life.clock.now(), via: "provider" } };
}

function classify(reply: SesReply, life: Life): Outcome {
  switch (reply.status) {
    case "accepted":
      return accepted(life, reply.messageId);
    case "garbled":
      return { status: "unknown", reason: "garbled" };
    case "refused":
      return reply.reason === "throttled"
        ? {
            status: "rejected",
            reason: "throttled",
            throttle: { scope: "rate", retryAfterMs: 1_000 },
          }
        : { status: "rejected", reason: reply.reason };
  }
}
