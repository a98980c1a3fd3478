import type { Finding } from "@exactly-once/sqs-adapter";
import type { Settings } from "../settings.js";
import { error, ok, type Diagnosis } from "./diagnosis.js";

/** The settings of another service, by the file that they stand in. */
export interface Neighbour {
  readonly file: string;
  readonly settings: Settings;
}

/**
 * Services that share what must be one's own. A namespace is part of each key, and the same key in the
 * same Redis is the same record.
 */
export function neighbourDiagnoses(
  own: Settings,
  neighbours: readonly Neighbour[],
): readonly Diagnosis[] {
  return neighbours.map(({ file, settings }) => {
    const shared = [...sharedNamespace(own, settings, file), ...sharedQueues(own, settings, file)];
    const sound = ok("apart", "shares neither keys nor queues with this service");
    return { subject: `service of ${file}`, findings: shared.length > 0 ? shared : [sound] };
  });
}

function sharedNamespace(own: Settings, other: Settings, file: string): readonly Finding[] {
  const { namespace } = own;
  if (namespace === undefined || other.namespace !== namespace || !isSameRedis(own, other))
    return [];
  return [
    error("namespace-shared", {
      message: `this service and that of ${file} have the namespace ${namespace} in the same Redis`,
      leadsTo:
        "where their pipelines are named alike, what the one has sent the other takes for done and never sends; a pause stops both",
      mend: {
        text: "give each service a namespace of its own, before it has sent anything: a changed namespace makes new notifications of old ones",
      },
    }),
  ];
}

function isSameRedis(own: Settings, other: Settings): boolean {
  return own.redis.url === other.redis.url && own.redis.keyPrefix === other.redis.keyPrefix;
}

function sharedQueues(own: Settings, other: Settings, file: string): readonly Finding[] {
  if (own.namespace === other.namespace) return [];
  const theirs = new Set(Object.values(other.queues).map(({ url }) => url));
  return Object.entries(own.queues)
    .filter(([, { url }]) => theirs.has(url))
    .map(([name, { url }]) =>
      error("queue-shared", {
        message: `this service and that of ${file} both read ${url} (${name})`,
        leadsTo:
          "a redelivery that the other service gets has another key there: its email goes out a second time",
        mend: { text: "give each service a queue of its own, subscribed to the same topic" },
      }),
    );
}
