import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createAccount, type AccountOptions, type EventKind } from "./account.js";
import { createDeliveries, simulatorOutcome, type DeliveryOutcome } from "./deliveries.js";
import type { EventFaultPlan } from "./event-faults.js";
import {
  createEventPublisher,
  type PublishedEvent,
  type PublishToTopic,
} from "./event-publisher.js";
import { createEndpoint } from "./endpoint.js";
import { createFaults, type FaultPlan, type Faults } from "./faults.js";
import { answerJson } from "./http-exchange.js";
import { createLocalApi } from "./local-api.js";
import { createMailbox, type AwaitedMail } from "./mailbox.js";
import { queryApi } from "./query-api.js";
import type { Protocol } from "./protocol.js";
import { createQuota, type SendingLimits } from "./quota.js";
import { createRequestLog, type LoggedRequest } from "./request-log.js";
import { restApi, restPrefix } from "./rest-api.js";
import type { SentEmail } from "./sent-email.js";

/** What the local SES is like. */
export interface LocalSesOptions extends AccountOptions {
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. Any other address shows mail to whoever can reach it. */
  readonly host?: string | undefined;
  /** Milliseconds since the epoch. Judges signatures, fills quotas, dates emails and replies. */
  readonly now?: (() => number) | undefined;
  /** How far a signature's date may be from `now`, either way. Default 300,000 ms, as AWS. */
  readonly signatureValidityMs?: number | undefined;
  /** Default: no daily limit, 10,000 recipients a second. */
  readonly limits?: Partial<SendingLimits> | undefined;
  /** What to do wrong; default nothing. Can be changed later through `faults`. */
  readonly faults?: FaultPlan | undefined;
  /** How events reach a topic; without it none are published. */
  readonly publish?: PublishToTopic | undefined;
  readonly eventFaults?: EventFaultPlan | undefined;
  /** Default: delivered, but for the addresses of SES's mailbox simulator. */
  readonly outcome?: DeliveryOutcome | undefined;
  /** How many emails, calls and events to remember, each. Default 10,000. */
  readonly keep?: number | undefined;
}

/** A running local SES. */
export interface LocalSes {
  /** For the client's `endpoint`; also the address of the page that lists mail. */
  readonly endpoint: string;
  /** Accepted emails, oldest first, the newest `keep` of them. */
  sent(): readonly SentEmail[];
  /** How many were accepted since the start, forgotten ones included. */
  accepted(): number;
  /** Calls that were read to their end, oldest first, refused ones included. */
  requests(): readonly LoggedRequest[];
  /**
   * Resolves with the matching emails (all, for a number) once there are that many, or one matches.
   *
   * @throws WaitTimeoutError after `timeoutMs`, default 5,000
   */
  waitForSent(
    awaited: AwaitedMail,
    options?: { readonly timeoutMs?: number },
  ): Promise<readonly SentEmail[]>;
  readonly faults: Faults;
  readonly events: {
    /** Events that a configuration set asked for, with what became of each. */
    published(): readonly PublishedEvent[];
    /** What goes wrong with events from now on; nothing where `undefined`. */
    setFaults(plan: EventFaultPlan | undefined): void;
    /** Lets late and reordered events go now; resolves when the topic has answered for all. */
    flush(): Promise<void>;
    /**
     * Publishes an event that SES would publish later, such as an open; to all recipients unless
     * told otherwise. False if the email is unknown or its configuration set doesn't want it.
     */
    publish(messageId: string, kind: EventKind, recipients?: readonly string[]): boolean;
  };
  /** Forgets all emails; counts go on. */
  clear(): void;
  /** Closes every connection, hanging ones too, and waits for events under way. */
  close(): Promise<void>;
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

function protocolOf({ method, url = "" }: IncomingMessage): Protocol | undefined {
  if (method === "POST" && url === "/") return queryApi;
  return url.startsWith(restPrefix) ? restApi : undefined;
}

const noTopic: PublishToTopic = () =>
  Promise.reject(new Error("No topic: give createLocalSes a `publish` function."));

/**
 * Starts an SES for tests and local work: both of its APIs over HTTP on the loopback interface,
 * written to the AWS documentation, with a mailbox to look at, faults, and event publishing.
 */
export const createLocalSes = async (options: LocalSesOptions = {}): Promise<LocalSes> => {
  const { host = "127.0.0.1", keep = 10_000, now = Date.now } = options;
  const account = createAccount(options);
  const limits = { max24HourSend: -1, maxSendRate: 10_000, ...options.limits };
  const quota = createQuota(limits, now);
  const mailbox = createMailbox(keep);
  const log = createRequestLog(keep);
  const faults = createFaults(options.faults);
  const publisher = createEventPublisher({
    publish: options.publish ?? noTopic,
    faults: options.eventFaults,
    keep,
  });
  const outcome = options.outcome ?? simulatorOutcome;
  const deliveries = createDeliveries({ account, publisher, outcome, now });

  const timers = new Set<NodeJS.Timeout>();
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.add(timer);
    });

  const endpoint = createEndpoint({
    ...{ account, quota, faults, mailbox, deliveries, log, now, wait },
    signatureValidityMs: options.signatureValidityMs ?? 300_000,
  });
  const loopbackOnly = /^(?:127\.|localhost$|::1$)/.test(host);
  const api = createLocalApi({ mailbox, faults, publisher, deliveries, log, loopbackOnly });

  const server = createServer((request, response) => {
    // AWS dates its replies by the clock it judges signatures by, and the SDK corrects itself by it.
    response.setHeader("date", new Date(now()).toUTCString());
    const protocol = protocolOf(request);
    const handling = protocol ? endpoint(protocol, request, response) : api(request, response);
    handling.catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else answerJson(response, 500, { error: String(error) });
    });
  });
  // Longer than any client keeps an idle socket, so that no request meets a closing one by chance.
  server.keepAliveTimeout = 120_000;
  server.headersTimeout = 125_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;

  const close = async (): Promise<void> => {
    for (const timer of timers) clearTimeout(timer);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    await publisher.close();
  };

  return {
    endpoint: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    sent: mailbox.all,
    accepted: mailbox.accepted,
    requests: log.all,
    waitForSent: (awaited, { timeoutMs = 5_000 } = {}) => mailbox.waitFor(awaited, timeoutMs),
    faults,
    events: {
      published: publisher.events,
      setFaults: publisher.setFaults,
      flush: publisher.flush,
      publish: (messageId, kind, recipients) => {
        const email = mailbox.find(messageId);
        return email ? deliveries.publish(email, kind, recipients ?? email.destinations) : false;
      },
    },
    clear: mailbox.clear,
    close,
    [Symbol.asyncDispose]: close,
  };
};
