import type { Site } from "../kernel/decisions.js";
import type { Kernel } from "../kernel/kernel.js";

export interface SesRequest {
  readonly attemptId: string;
  readonly namespace: string;
  readonly recipient: string;
  readonly contentDigest: string;
  /** True time of the signature as the signer's wall clock had it, ms from virtual 0. */
  readonly signedAt: number;
}

export interface AcceptedMail extends SesRequest {
  readonly messageId: string;
  readonly at: number;
}

/** What event publishing says of a mail. */
export interface SesNotice {
  readonly attemptId: string;
  readonly namespace: string;
  readonly messageId: string;
  readonly at: number;
}

export type SesReply =
  | { readonly status: "accepted"; readonly messageId: string }
  | { readonly status: "refused"; readonly reason: "stale" | "throttled" | "rejected" }
  /** A 200 that doesn't say what became of the mail. */
  | { readonly status: "garbled" };

export interface SesFaults {
  readonly throttle: Site;
  readonly reject: Site;
  readonly garble: Site;
  readonly eventLost: Site;
  readonly eventDoubled: Site;
  readonly eventLate: Site;
}

export interface SesWorldOptions {
  readonly kernel: Kernel;
  /** How far a signature's date may be from SES's clock, ms. */
  readonly signatureMs: number;
  /** How late an event may come, ms. */
  readonly maxEventDelayMs: number;
  readonly faults: SesFaults;
  onAccepted(mail: AcceptedMail): void;
  publish(notice: SesNotice): void;
}

export interface SesWorld {
  send(request: SesRequest): SesReply;
  readonly accepted: readonly AcceptedMail[];
  /** The mail of this attempt, if SES took one. */
  mailOf(attemptId: string): AcceptedMail | undefined;
}

/** A provider without an idempotency token: it takes what is signed freshly, as often as asked. */
export function sesWorld(options: SesWorldOptions): SesWorld {
  const { kernel, faults } = options;
  const accepted: AcceptedMail[] = [];
  const byAttempt = new Map<string, AcceptedMail>();

  function publish(mail: AcceptedMail): void {
    if (faults.eventLost.next() > 0) return;
    const { attemptId, namespace, messageId, at } = mail;
    const notice = { attemptId, namespace, messageId, at };
    const delay = 50 + faults.eventLate.next() * options.maxEventDelayMs;
    kernel.schedule(kernel.now + delay, () => options.publish(notice));
    const again = faults.eventDoubled.next();
    if (again > 0) {
      const later = delay + again * options.maxEventDelayMs;
      kernel.schedule(kernel.now + later, () => options.publish(notice));
    }
  }

  return {
    accepted,
    mailOf: (attemptId) => byAttempt.get(attemptId),
    send: (request) => {
      if (Math.abs(kernel.now - request.signedAt) > options.signatureMs) {
        return { status: "refused", reason: "stale" };
      }
      if (faults.throttle.next() > 0) return { status: "refused", reason: "throttled" };
      if (faults.reject.next() > 0) return { status: "refused", reason: "rejected" };
      const messageId = `mail-${accepted.length + 1}`;
      const mail = { ...request, messageId, at: kernel.now };
      accepted.push(mail);
      byAttempt.set(request.attemptId, mail);
      options.onAccepted(mail);
      publish(mail);
      if (faults.garble.next() > 0) return { status: "garbled" };
      return { status: "accepted", messageId };
    },
  };
}
