import type { Sender } from "@exactly-once/core";
import { sesMailer } from "@exactly-once/ses-adapter";
import type { Service } from "../kernel/network.js";
import type { SesWorld } from "../worlds/ses.js";
import type { MailerSettings, MailWires, PreparedMail } from "./mailer.js";
import { sesWires, simulatedSesClient } from "./ses-client.js";

export interface SesMailerSettings extends Omit<MailerSettings, "habits" | "validityMs"> {
  /** How long a signature is good, and how far ahead of SES's clock it may be dated, ms. */
  readonly signatureMs: number;
  readonly maxClockSkewMs: number;
  /** Whether the mailer keeps to the account's rate, or leaves that to SES. */
  readonly keepsRate: boolean;
}

/** A call's time limit, ms: more than the wire's own. */
const MAX_REQUEST_MS = 6_000;

/**
 * The SES adapter's own mailer. Rendering is left out: it is computing alone, by a library with streams of
 * its own, and MIME's content decides nothing.
 */
export function sesMailWires(
  host: string,
  service: Service,
  world: SesWorld,
  settings: SesMailerSettings,
): MailWires {
  const wires = sesWires(host, service);
  const { attemptTimeoutMs, signatureMs, maxClockSkewMs, keepsRate, pausePoint } = settings;
  return {
    connect: (life, watch) => {
      const mailer = sesMailer({
        client: simulatedSesClient({
          ...{ life, wires, world, pausePoint },
          onWritten: (attemptId) => watch.onSigned(attemptId),
        }),
        from: "forms@example.test",
        clock: life.clock,
        ...{ attemptTimeoutMs, maxClockSkewMs, maxRequestMs: MAX_REQUEST_MS },
        signatureValidityMs: signatureMs,
        sendRate: keepsRate ? {} : false,
      });
      const sender: Sender<{ readonly to: string; readonly text: string }, PreparedMail> = {
        attemptTimeoutMs: mailer.attemptTimeoutMs,
        validityMs: mailer.validityMs,
        prepare: async ({ to, text }) => ({ to, recipients: [to], contentDigest: `${to}|${text}` }),
        summarize: (prepared) => mailer.summarize(emailOf(prepared)),
        admit: ({ prepared, ...how }) => mailer.admit({ prepared: emailOf(prepared), ...how }),
        send: async (prepared, attempt) => {
          life.host.requests += 1;
          const outcome = await mailer.send(emailOf(prepared), attempt);
          // A process that ended meanwhile never gets here.
          life.host.requests -= 1;
          return outcome;
        },
        verify: (how) => mailer.verify(how),
      };
      return sender;
    },
  };
}

const NO_CONTENT = new Uint8Array();

function emailOf({ to, contentDigest }: PreparedMail) {
  return { raw: NO_CONTENT, contentDigest, recipients: { to: [to], cc: [], bcc: [] } };
}
