import { existsSync } from "node:fs";
import { email, credentials } from "../mailer/mailer.fixture.js";
import { sesMailer } from "../mailer/ses-mailer.js";
import { safeSesClient } from "../wire/safe-client.js";

/**
 * A process of its own that makes one attempt. Once the request is signed and past every check it
 * tells its parent and stands still, as under `SIGSTOP`: no timer fires, no promise goes on. It
 * writes the request once the file is there.
 */
const [endpoint = "", id = "", wakeFile = ""] = process.argv.slice(2);
const client = safeSesClient({ endpoint, region: "eu-west-2", credentials });
const { requestHandler } = client.config;
const handle = requestHandler.handle.bind(requestHandler);
requestHandler.handle = async (...args) => {
  await new Promise((resolve) => process.send?.("signed", resolve));
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(wakeFile)) Atomics.wait(nothing, 0, 0, 20);
  return handle(...args);
};

const LONG_MS = 600_000;
const mailer = sesMailer({ client, from: "forms@example.com", maxRequestMs: LONG_MS });
const outcome = await mailer.send(await mailer.prepare(email), {
  id,
  effectId: id.split("-").slice(0, 2).join("-"),
  namespace: "tis-notifications",
  pipeline: "form-updated",
  effect: "email",
  deadline: Date.now() + LONG_MS,
  remainingMs: () => LONG_MS,
  signal: new AbortController().signal,
});
process.send?.(outcome, () => {
  process.disconnect();
  client.destroy();
});
