import type { Sender } from "@exactly-once/core";
import { parseAttemptId } from "@exactly-once/core/ports";
import { notifyEmailSender } from "@exactly-once/notify-adapter";
import type { Exchange, RequestMaker, RequestToMake } from "@exactly-once/one-request";
import { EPOCH, type Life } from "../kernel/host.js";
import { ServiceFault, type Service } from "../kernel/network.js";
import { LISTING_LAG_MS, type SesReply, type SesRequest, type SesWorld } from "../worlds/ses.js";
import type { Mail, MailerSettings, MailWatch, MailWires, PreparedMail } from "./mailer.js";

const UUID = "26785a09-ab16-4eb0-8407-a37497a57506";
const API_KEY = `simulated-${UUID}-${UUID}`;

/** A body of a request to send, as the adapter writes it. */
interface SentBody {
  readonly reference: string;
  readonly email_address: string;
  readonly personalisation: { readonly content: string };
}

/**
 * The Notify adapter's own sender, on a simulated wire to a provider that can be asked: it lists late, and
 * omits a mail now and then. Rendering is left out, as with SES.
 */
export function notifyMailWires(
  host: string,
  service: Service,
  world: SesWorld,
  settings: Omit<MailerSettings, "habits">,
): MailWires {
  const sending = service.wire(host, "send");
  const asking = service.wire(host, "ask");

  function makerOf(life: Life, watch: MailWatch): RequestMaker {
    async function post({ signal, make }: RequestToMake): Promise<Exchange> {
      await settings.pausePoint(life);
      if (signal?.aborted) return { kind: "unsent", reason: "aborted" };
      const made = make();
      if ("refuse" in made) return { kind: "unsent", reason: made.refuse };
      const request = requestOf(made.headers["authorization"] ?? "", made.body ?? "");
      watch.onSigned(request.attemptId);
      return over(() =>
        sending.call(
          life,
          () => answerOf(world.send(request), world.now()),
          ({ status }) => String(status),
        ),
      );
    }

    function list({ url }: RequestToMake): Promise<Exchange> {
      const reference = url.searchParams.get("reference") ?? "";
      return over(() =>
        asking.call(
          life,
          () => {
            const mail = world.listedMailOf(reference);
            const found = mail && {
              ...{ id: mail.messageId, reference },
              created_at: new Date(EPOCH + mail.at).toISOString(),
            };
            return answered(200, { notifications: found ? [found] : [] }, world.now());
          },
          ({ body }) => body ?? "",
        ),
      );
    }

    return {
      request: (toMake) => (toMake.method === "POST" ? post(toMake) : list(toMake)),
      ...{ longestMs: 1, connectMs: 1 },
    };
  }

  return {
    connect: (life, watch) => {
      const notify = notifyEmailSender({
        ...{ apiKey: API_KEY, requests: makerOf(life, watch), clock: life.clock },
        attemptTimeoutMs: settings.attemptTimeoutMs,
        // Its tokens are good for longer than signatures here.
        ...{ maxClockSkewMs: 0, listingLagMs: LISTING_LAG_MS },
      });
      const prepared = ({ to, contentDigest }: PreparedMail) => ({
        ...{ to, contentDigest, template: "form" },
        request: { email_address: to, personalisation: { content: contentDigest } },
      });
      const sender: Sender<Mail, PreparedMail> = {
        validityMs: notify.validityMs,
        attemptTimeoutMs: notify.attemptTimeoutMs,
        prepare: async ({ to, text }) => ({ to, recipients: [to], contentDigest: `${to}|${text}` }),
        summarize: (mail) => ({ ...mail, template: "form" }),
        admit: (how) => notify.admit({ ...how, prepared: prepared(how.prepared) }),
        send: (mail, attempt) => notify.send(prepared(mail), attempt),
        lookup: (attempt) => notify.lookup(attempt),
      };
      return sender;
    },
  };
}

type Answered = Extract<Exchange, { kind: "answered" }>;

function answered(status: number, body: object, at: number): Answered {
  const headers = { date: new Date(EPOCH + at).toUTCString() };
  return { kind: "answered", status, headers, body: JSON.stringify(body) };
}

/** What Notify answers, by its documented errors. */
function answerOf(reply: SesReply, at: number): Answered {
  if (reply.status === "accepted") return answered(201, { id: reply.messageId }, at);
  if (reply.status === "garbled") return answered(201, {}, at);
  const [status, error] = REFUSALS[reply.reason];
  return answered(status, { status_code: status, errors: [{ error, message: "" }] }, at);
}

const REFUSALS = {
  stale: [403, "AuthError"],
  throttled: [429, "RateLimitError"],
  accountPaused: [400, "BadRequestError"],
  rejected: [400, "BadRequestError"],
  virus: [400, "ValidationError"],
} as const;

function requestOf(authorization: string, text: string): SesRequest {
  const body = JSON.parse(text) as SentBody;
  const { key = "", effect = "" } = parseAttemptId(body.reference) ?? {};
  const [, payload = ""] = authorization.split(".");
  const { iat } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { iat: number };
  return {
    ...{ attemptId: body.reference, effectId: `${key}-${effect}`, namespace: "" },
    ...{ recipient: body.email_address, contentDigest: body.personalisation.content },
    signedAt: iat * 1_000 - EPOCH,
  };
}

/** A call that ended without an answer of Notify's. */
async function over(call: () => Promise<Answered>): Promise<Exchange> {
  try {
    return await call();
  } catch (error) {
    const kind = error instanceof ServiceFault ? error.kind : "reset";
    switch (kind) {
      case "refused":
        return { kind: "unsent", reason: "connectFailed" };
      case "timeout":
        return { kind: "silent", reason: "timedOut" };
      case "reset":
        return { kind: "silent", reason: "connectionLost" };
      case "serverError":
        return { kind: "answered", status: 503, headers: {}, body: "<html>" };
    }
  }
}
