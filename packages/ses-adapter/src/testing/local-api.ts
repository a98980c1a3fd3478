import type { IncomingMessage, ServerResponse } from "node:http";
import { eventKinds, type EventKind } from "./account.js";
import { readersDigest } from "./content-digest.js";
import type { Deliveries } from "./deliveries.js";
import type { EventPublisher } from "./event-publisher.js";
import { readFaultSettings } from "./fault-rules-json.js";
import type { Faults } from "./faults.js";
import { answer, answerJson, readBody } from "./http-exchange.js";
import type { Mailbox } from "./mailbox.js";
import { listPage, messagePolicy, pagePolicy } from "./page.js";
import type { RequestLog } from "./request-log.js";
import type { SentEmail } from "./sent-email.js";

export interface LocalApiContext {
  readonly mailbox: Mailbox;
  readonly faults: Faults;
  readonly publisher: EventPublisher;
  readonly deliveries: Deliveries;
  readonly log: RequestLog;
  /** Whether only this machine may look: a page elsewhere must not read mail through a browser. */
  readonly loopbackOnly: boolean;
}

const maxBodyBytes = 1_024 * 1_024;
const maxPageSize = 1_000;

/** An email as JSON: what a list shows, without the bodies. */
export interface ListedEmail {
  readonly sequence: number;
  readonly messageId: string;
  readonly acceptedAt: number;
  readonly source: string;
  readonly destinations: readonly string[];
  readonly subject: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly configurationSet: string | null;
  readonly headers: SentEmail["headers"];
  /** Equal for emails that look the same to their reader: subject, bodies, attachments. */
  readonly contentDigest: string;
}

const listed = (email: SentEmail): ListedEmail => ({
  sequence: email.sequence,
  messageId: email.messageId,
  acceptedAt: email.acceptedAt,
  source: email.source,
  destinations: email.destinations,
  subject: email.mime.subject ?? "",
  tags: email.tags,
  configurationSet: email.configurationSet ?? null,
  headers: email.headers,
  contentDigest: readersDigest(email),
});

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

const isForeign = (request: IncomingMessage): boolean => {
  const { host = "", origin } = request.headers;
  return !loopbackHost.test(host) || (origin !== undefined && origin !== `http://${host}`);
};

const showMessage = (response: ServerResponse, email: SentEmail, as: string | null): void => {
  const { html, text } = email.mime;
  switch (as ?? (html === undefined ? "text" : "html")) {
    case "html":
      return answer(response, 200, "text/html; charset=utf-8", html ?? "", {
        "content-security-policy": messagePolicy,
      });
    case "text":
      return answer(response, 200, "text/plain; charset=utf-8", text ?? "");
    case "raw":
      return answer(response, 200, "text/plain; charset=utf-8", email.raw);
    case "json":
      return answerJson(response, 200, {
        ...listed(email),
        text: text ?? null,
        html: html ?? null,
      });
    default:
      return answerJson(response, 400, { error: "`as` is one of html, text, raw, json." });
  }
};

const positive = (text: string | null, otherwise: number): number => {
  const value = Number(text ?? otherwise);
  return Number.isInteger(value) && value >= 0 ? value : otherwise;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Reading and steering over HTTP, for other processes and for people; not part of SES. */
export const createLocalApi = (context: LocalApiContext) => {
  const { mailbox, faults, publisher } = context;

  const list = (response: ServerResponse, query: URLSearchParams): void => {
    const since = positive(query.get("since"), 0);
    const limit = Math.min(positive(query.get("limit"), 100), maxPageSize);
    const messages = mailbox
      .all()
      .filter((email) => email.sequence > since)
      .slice(0, limit);
    answerJson(response, 200, {
      messages: messages.map(listed),
      next: messages.at(-1)?.sequence ?? since,
      accepted: mailbox.accepted(),
    });
  };

  const setFaults = (response: ServerResponse, body: unknown): void => {
    const settings = readFaultSettings(body);
    if (typeof settings === "string") return answerJson(response, 400, { error: settings });
    if (settings.rules) faults.set(settings.rules);
    if (settings.events) publisher.setFaults(settings.events);
    answerJson(response, 200, { set: Object.keys(settings) });
  };

  const publishEvent = (response: ServerResponse, email: SentEmail, body: unknown): void => {
    const { kind } = (body ?? {}) as { kind?: EventKind };
    if (kind === undefined || !eventKinds.includes(kind)) {
      return answerJson(response, 400, { error: `\`kind\` is one of ${eventKinds.join(", ")}.` });
    }
    const published = context.deliveries.publish(email, kind, email.destinations);
    answerJson(response, published ? 202 : 409, { published });
  };

  const status = () => ({
    accepted: mailbox.accepted(),
    kept: mailbox.all().length,
    requests: context.log.seen(),
    faultsStruck: faults.struck(),
  });

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (context.loopbackOnly && isForeign(request)) {
      return answerJson(response, 403, {
        error: "Only this machine may read and steer local mail.",
      });
    }
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("cache-control", "no-store");
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, id, rest] = /^\/_local\/messages\/([^/]+)(\/events)?$/.exec(url.pathname) ?? [];
    const email = id === undefined ? undefined : mailbox.find(decodeURIComponent(id));
    if (id !== undefined && !email) return answerJson(response, 404, { error: "No such message." });
    const body = parseJson((await readBody(request, maxBodyBytes)) ?? "");

    switch (`${request.method ?? ""} ${email ? `message${rest ?? ""}` : url.pathname}`) {
      case "GET /":
        return answer(
          response,
          200,
          "text/html; charset=utf-8",
          listPage(mailbox.all(), mailbox.accepted(), url.searchParams.get("search") ?? ""),
          { "content-security-policy": pagePolicy },
        );
      case "GET /_local/messages":
        return list(response, url.searchParams);
      case "DELETE /_local/messages":
        mailbox.clear();
        return answerJson(response, 200, status());
      case "GET message":
        return email && showMessage(response, email, url.searchParams.get("as"));
      case "POST message/events":
        return email && publishEvent(response, email, body);
      case "GET /_local/requests":
        return answerJson(response, 200, { requests: context.log.all() });
      case "GET /_local/status":
        return answerJson(response, 200, status());
      case "POST /_local/faults":
        return setFaults(response, body);
      case "DELETE /_local/faults":
        faults.clear();
        publisher.setFaults(undefined);
        return answerJson(response, 200, status());
      default:
        return answerJson(response, 404, { error: "No such resource." });
    }
  };
};
