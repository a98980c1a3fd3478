import { email, credentials } from "../mailer/mailer.fixture.js";
import { sesMailer } from "../mailer/ses-mailer.js";
import { safeSesClient } from "../wire/safe-client.js";

/**
 * A process of its own that makes one attempt. It tells its parent once the request is signed and
 * past every check, and only then writes it: the parent stops the process in between.
 */
const [endpoint = "", id = "", signatureValidityMs = ""] = process.argv.slice(2);
const client = safeSesClient({ endpoint, region: "eu-west-2", credentials });
const { requestHandler } = client.config;
const handle = requestHandler.handle.bind(requestHandler);
requestHandler.handle = async (...args) => {
  process.send?.("signed");
  // The parent needs a moment to stop this process; the request must not be written before.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return handle(...args);
};

const mailer = sesMailer({
  client,
  from: "forms@example.com",
  signatureValidityMs: Number(signatureValidityMs),
});
const endsAt = performance.now() + 10_000;
const outcome = await mailer.send(await mailer.prepare(email), {
  id,
  effectId: id.split("-").slice(0, 2).join("-"),
  namespace: "tis-notifications",
  pipeline: "form-updated",
  effect: "email",
  deadline: Date.now() + 10_000,
  remainingMs: () => endsAt - performance.now(),
  signal: new AbortController().signal,
});
process.send?.(outcome, () => {
  process.disconnect();
  client.destroy();
});
