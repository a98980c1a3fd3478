import type { Attempt, Outcome, PreparedSummary, Sender } from "@exactly-once/core";
import { EPOCH, type Life } from "../kernel/host.js";
import { ServiceFault, type Service } from "../kernel/network.js";
import type { SesReply, SesWorld } from "../worlds/ses.js";

export interface Mail {
  readonly to: string;
  readonly text: string;
}

export interface PreparedMail extends PreparedSummary {
  readonly to: string;
}

export interface MailerSettings {
  /** Milliseconds an attempt may take from `begin` to its signature. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds after the deadline for which the signature could still be good, skew included. */
  readonly validityMs: number;
  /** Where the process may stand still between its last check and the signature. */
  readonly pausePoint: (life: Life) => Promise<void>;
}

/** The wires of one host to the mail provider. */
export interface MailWires {
  connect(life: Life): Sender<Mail, PreparedMail>;
}

/** A sender as the SES adapter is one: one request, none after the deadline, classes as documented. */
export function mailWires(
  host: string,
  service: Service,
  world: SesWorld,
  settings: MailerSettings,
): MailWires {
  const wire = service.wire(host, "send");

  async function send(life: Life, mail: PreparedMail, attempt: Attempt): Promise<Outcome> {
    await settings.pausePoint(life);
    if (attempt.remainingMs() <= 0) return { status: "rejected", reason: "deadline" };
    if (attempt.signal.aborted) return { status: "rejected", reason: "aborted" };
    const request = {
      attemptId: attempt.id,
      namespace: attempt.namespace,
      recipient: mail.to,
      contentDigest: mail.contentDigest,
      signedAt: life.clock.now() - EPOCH,
    };
    try {
      const reply = await wire.call(
        life,
        () => world.send(request),
        (answer) => (answer.status === "accepted" ? answer.messageId : answer.status),
      );
      return classify(reply, life);
    } catch (error) {
      const kind = error instanceof ServiceFault ? error.kind : "reset";
      return kind === "refused"
        ? { status: "rejected", reason: "refused" }
        : { status: "unknown", reason: kind };
    }
  }

  return {
    connect: (life) => ({
      attemptTimeoutMs: settings.attemptTimeoutMs,
      validityMs: settings.validityMs,
      prepare: async ({ to, text }) => ({ to, recipients: [to], contentDigest: `${to}|${text}` }),
      summarize: (prepared) => prepared,
      send: (prepared, attempt) => send(life, prepared, attempt),
    }),
  };
}

function classify(reply: SesReply, life: Life): Outcome {
  switch (reply.status) {
    case "accepted":
      return {
        status: "accepted",
        receipt: { id: reply.messageId, at: life.clock.now(), via: "provider" },
      };
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
