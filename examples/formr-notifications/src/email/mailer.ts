import { safeSesClient, sesMailer, type SesMailer } from "@exactly-once/ses-adapter";
import type { Config } from "../config.js";

export interface Mailer {
  readonly sender: SesMailer;
  close(): void;
}

/** Sends through SES, from the configured address, by a client that never repeats an email. */
export function createMailer({ region, endpoints, from, configurationSet }: Config): Mailer {
  const client = safeSesClient({
    region,
    ...(endpoints.ses === undefined ? {} : { endpoint: endpoints.ses }),
  });
  const sender = sesMailer({
    client,
    from,
    ...(configurationSet === undefined ? {} : { configurationSetName: configurationSet }),
  });
  return { sender, close: () => client.destroy() };
}
