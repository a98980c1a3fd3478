import { SESClient } from "@aws-sdk/client-ses";
import { SQSClient } from "@aws-sdk/client-sqs";
import { safeSesClient } from "@exactly-once/ses-adapter";
import { setTimeout as sleep } from "node:timers/promises";
import { childInput, serve } from "../child.js";
import { credentials, region } from "../sqs/server.js";
import { contenders, type ContenderName } from "./contenders/index.js";
import { idOfRecipient, recipientOf } from "./events.js";

export interface ReplicaInput {
  readonly contender: ContenderName;
  readonly sqsEndpoint: string;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  readonly maxReceives: number;
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  readonly redisUrl: string;
  readonly sesEndpoint: string;
  /** After which the peers' client gives a request up. */
  readonly sesTimeoutMs?: number;
  /** The queue that SES's events come to. */
  readonly sesEventsUrl: string;
}

/** What the harness answers before a handler's work. */
export interface Before {
  readonly workMs: number;
  readonly fails: boolean;
}

const input = childInput<ReplicaInput>();
const { sqsEndpoint, sesEndpoint, sesTimeoutMs, ...rest } = input;
const harness = serve({
  start: () =>
    contenders[input.contender]({
      ...rest,
      sqs: new SQSClient({ endpoint: sqsEndpoint, region, credentials }),
      ses: watched(plainSesClient()),
      safeSes: () => watched(safeSesClient({ endpoint: sesEndpoint, region, credentials })),
      lookUpDoctor: async ({ id }, signal) => {
        const { workMs, fails } = await harness.call<Before>("before", id);
        if (workMs > 0) await sleep(workMs, undefined, signal ? { signal } : {});
        if (fails) throw new Error("planned");
        return { email: recipientOf(id) };
      },
    }),
});

/** With the SDK's defaults, but for a timeout where the fault gives one. */
function plainSesClient(): SESClient {
  const settings = { endpoint: sesEndpoint, region, credentials };
  if (sesTimeoutMs === undefined) return new SESClient(settings);
  const requestHandler = { requestTimeout: sesTimeoutMs, throwOnRequestTimeout: true };
  return new SESClient({ ...settings, requestHandler });
}

/** The harness may stop this process before a send, and kill it after one. */
function watched(client: SESClient): SESClient {
  client.middlewareStack.add(
    (next) => async (args) => {
      const id = recipientIn(args.input);
      if (id === undefined) return next(args);
      await harness.call("sending", id);
      const result = await next(args);
      await harness.call("sent", id);
      return result;
    },
    { step: "initialize", name: "tellHarness" },
  );
  return client;
}

function recipientIn(commandInput: object): number | undefined {
  const { Destination, Destinations } = commandInput as {
    readonly Destination?: { readonly ToAddresses?: readonly string[] };
    readonly Destinations?: readonly string[];
  };
  const address = Destination?.ToAddresses?.[0] ?? Destinations?.[0];
  return address === undefined ? undefined : idOfRecipient(address);
}
