import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isTaken, refusals, type FaultPlan, type NotifyFault, type Refusal } from "./faults.js";
import { Mailbox, type DeliveryStatus, type SentNotification } from "./mailbox.js";
import { mailPage } from "./page.js";
import { acceptance, listed, PAGE_SIZE, readRequest, receiptOf } from "./rest-api.js";
import type { LocalTemplate } from "./templates.js";
import { authorise } from "./token.js";

/** What the local Notify is like. */
export interface LocalNotifyOptions {
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. Any other address shows mail to whoever can reach it. */
  readonly host?: string | undefined;
  /** Milliseconds since the epoch: judges tokens, dates notifications and answers. */
  readonly now?: (() => number) | undefined;
  /** Templates by id, with `((placeholders))`. Default: any id, which shows all that it is given. */
  readonly templates?: Readonly<Record<string, LocalTemplate>> | undefined;
  /** How long after a notification was taken listings have it, ms. Default 0. */
  readonly listingLagMs?: number | undefined;
  /** How long listings have it, ms. Default 7 days. */
  readonly retentionMs?: number | undefined;
  readonly faults?: FaultPlan | undefined;
  /** Where delivery receipts go. */
  readonly callback?: { readonly url: string; readonly bearerToken: string } | undefined;
}

/** A running local Notify. */
export interface LocalNotify {
  /** For the sender's `baseUrl`; also the address of the page that lists what was sent. */
  readonly endpoint: string;
  readonly apiKey: string;
  /** Taken notifications, oldest first. */
  sent(): readonly SentNotification[];
  /** Requests to send that were read to their end. */
  requests(): number;
  /** Requests that asked for a status. */
  asked(): number;
  /** What goes wrong from now on, by requests counted from the start. */
  setFaults(plan: FaultPlan | undefined): void;
  /** Strikes the next request to send, and only that. */
  strike(fault: NotifyFault): void;
  /** Sends the delivery receipt of a notification; resolves with the status it was answered. */
  deliver(id: string, status: DeliveryStatus): Promise<number>;
  /** Ends its connections, and the server. */
  close(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/**
 * GOV.UK Notify on loopback, written to its documentation (https://docs.notifications.service.gov.uk):
 * tokens, sending emails and text messages, statuses by id and by reference, errors, and delivery
 * receipts.
 */
export async function createLocalNotify(options: LocalNotifyOptions = {}): Promise<LocalNotify> {
  const { port = 0, host = "127.0.0.1", now = Date.now, templates, callback } = options;
  const { listingLagMs = 0, retentionMs = 7 * DAY_MS } = options;
  const key = { serviceId: randomUUID(), secret: randomUUID() };
  const mailbox = new Mailbox();
  const counts = { requests: 0, asked: 0 };
  let plan = options.faults;
  let struck: NotifyFault | undefined;
  let endpoint = "";

  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (request.method === "GET" && url.pathname === "/") return page(response);
      const authorised = authorise(request.headers.authorization, key, now());
      const { message } = { message: "", ...authorised };
      if (!authorised.ok) return refuse(response, { status: 403, error: "AuthError", message });
      const [, kind] = /^\/v2\/notifications\/(email|sms)$/.exec(url.pathname) ?? [];
      if (request.method === "POST" && (kind === "email" || kind === "sms")) {
        return send(kind, body, request, response);
      }
      if (request.method === "GET" && url.pathname.startsWith("/v2/notifications")) {
        counts.asked += 1;
        return status(url, response);
      }
      return refuse(response, { status: 404, error: "NoResultFound", message: "No result found" });
    });
  });

  function answer(response: ServerResponse, code: number, body: object): void {
    response.writeHead(code, { "content-type": "application/json", date: dateText(now()) });
    response.end(JSON.stringify(body));
  }

  function refuse(response: ServerResponse, { status: code, error, message }: Refusal): void {
    answer(response, code, { status_code: code, errors: [{ error, message }] });
  }

  function page(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(mailPage(mailbox.all()));
  }

  function send(
    kind: "email" | "sms",
    body: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    counts.requests += 1;
    const fault = struck ?? plan?.(counts.requests);
    struck = undefined;
    const read = readRequest(kind, body, templates, now());
    if ("error" in read) return refuse(response, read);
    const taken = isTaken(fault) ? mailbox.add(read, fault === "omit") : undefined;
    if (fault === "accept-then-drop" || fault === "reset-before-accept") {
      return void request.socket.resetAndDestroy();
    }
    if (fault === "empty-201") return void response.writeHead(201).end();
    if (fault === "page-200") return void response.writeHead(200).end("<html>Hello</html>");
    const refusal = fault && refusals[fault];
    if (refusal) return refuse(response, refusal);
    if (taken) answer(response, 201, acceptance(taken, endpoint));
  }

  function status(url: URL, response: ServerResponse): void {
    const kept = mailbox.listed(now() - retentionMs, now() - listingLagMs);
    const [, id] = /^\/v2\/notifications\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const found = kept.find((notification) => notification.id === id);
      if (found) return answer(response, 200, listed(found));
      return refuse(response, { status: 404, error: "NoResultFound", message: "No result found" });
    }
    const wanted = (name: string, value: string | null): boolean =>
      (url.searchParams.get(name) ?? value) === value;
    const matching = kept.filter(
      (notification) =>
        wanted("reference", notification.reference) &&
        wanted("template_type", notification.type) &&
        wanted("status", notification.status),
    );
    const olderThan = url.searchParams.get("older_than");
    const from = matching.findIndex((notification) => notification.id === olderThan) + 1;
    const notifications = matching.slice(from, from + PAGE_SIZE).map(listed);
    answer(response, 200, { notifications, links: { current: `${endpoint}${url.pathname}` } });
  }

  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  endpoint = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    apiKey: `local-${key.serviceId}-${key.secret}`,
    sent: () => mailbox.all(),
    requests: () => counts.requests,
    asked: () => counts.asked,
    setFaults: (next) => {
      plan = next;
    },
    strike: (fault) => {
      struck = fault;
    },
    deliver: async (id, delivered) => {
      const notification = mailbox.deliver(id, delivered);
      if (!notification || !callback) return 0;
      const { url, bearerToken } = callback;
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${bearerToken}`, "content-type": "application/json" },
        body: JSON.stringify(receiptOf(notification)),
      });
      return response.status;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

function dateText(at: number): string {
  return new Date(at).toUTCString();
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // The other side went away; nothing is answered.
  }
  return Buffer.concat(chunks).toString();
}
