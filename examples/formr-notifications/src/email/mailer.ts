import type { DedupeStore, Sender } from "@exactly-once/core";
import { safeSesClient, sesMailer } from "@exactly-once/ses-adapter";
import { safeSesV2Client, sesV2Mailer } from "@exactly-once/ses-adapter/v2";
import type { Config } from "../config.js";
import type { Email } from "./email.js";
import { notifyMailer } from "./notify-mailer.js";

export interface Mailer {
  readonly sender: Sender<Email>;
  close(): void;
}

/**
 * Sends through SES, from the configured address, by a client that never repeats an email; or through
 * GOV.UK Notify.
 *
 * @param store where the replicas count each other, to divide the account's sending rate
 */
export function createMailer(config: Config, store: Pick<DedupeStore, "tripwire">): Mailer {
  const { region, endpoints, from, configurationSet: configurationSetName } = config;
  if (config.notify) return { sender: notifyMailer(config.notify), close: () => undefined };
  const clientConfig = {
    region,
    ...(endpoints.ses === undefined ? {} : { endpoint: endpoints.ses }),
  };
  const options = { from, configurationSetName, sendRate: { sharedThrough: store.tripwire } };
  if (config.sesApi === "v1") {
    const client = safeSesClient(clientConfig);
    return { sender: sesMailer({ client, ...options }), close: () => client.destroy() };
  }
  const client = safeSesV2Client(clientConfig);
  return { sender: sesV2Mailer({ client, ...options }), close: () => client.destroy() };
}
