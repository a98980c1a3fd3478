import { GetSendQuotaCommand, type SESClient } from "@aws-sdk/client-ses";

const fix = "build the client with safeSesClient()";

/**
 * What is unsafe about a client's timeouts, in words that say what to change. The handler knows
 * its settings only after a first request.
 */
export function timeoutProblems(client: SESClient, maxRequestMs: number): readonly string[] {
  const handler = client.config.requestHandler as {
    httpHandlerConfigs?: () => Readonly<Record<string, unknown>>;
  };
  const settings = handler.httpHandlerConfigs?.() ?? {};
  const problems = (["connectionTimeout", "requestTimeout", "socketTimeout"] as const).flatMap(
    (name) => {
      const ms = settings[name];
      if (typeof ms !== "number" || !(ms > 0)) return [`${name} of its requestHandler isn't set`];
      return ms > maxRequestMs ? [`${name} is ${ms} ms, more than ${maxRequestMs} ms`] : [];
    },
  );
  return settings["throwOnRequestTimeout"] === true
    ? problems
    : [...problems, "throwOnRequestTimeout isn't true, so that requestTimeout only warns"];
}

/** Failures after which clients like to try again; the probe throws each in place of a request. */
const temptations: readonly Readonly<Record<string, unknown>>[] = [
  { name: "TimeoutError", code: "ECONNRESET" },
  { name: "Throttling", $fault: "client", $metadata: { httpStatusCode: 400 } },
  { name: "ServiceUnavailable", $fault: "server", $metadata: { httpStatusCode: 503 } },
];

/**
 * Whether the client would send a command again by itself. Its settings don't tell: a custom retry
 * strategy may resend while `maxAttempts()` says 1. So it is given something to resend, with a
 * middleware in front of the wire that lets nothing through.
 */
export async function resendProblems(client: SESClient): Promise<readonly string[]> {
  for (const temptation of temptations) {
    if (await resends(client, temptation)) {
      return [`it resends by itself after a failure such as ${String(temptation["name"])}`];
    }
  }
  const maxAttempts = await client.config.maxAttempts();
  return maxAttempts === 1 ? [] : [`maxAttempts is ${maxAttempts}, and must be 1`];
}

async function resends(
  client: SESClient,
  temptation: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const command = new GetSendQuotaCommand({});
  let tries = 0;
  const triedTwice = new Promise<true>((resolve) => {
    command.middlewareStack.add(
      () => () => {
        tries += 1;
        if (tries === 1) throw Object.assign(new Error("probe"), temptation);
        resolve(true);
        // Never settles: another error would keep a stubborn strategy busy without end.
        return new Promise<never>(() => undefined);
      },
      { step: "deserialize", priority: "low", name: "exactlyOnceProbe" },
    );
  });
  // An empty set of options keeps the client from caching the probe with its other middleware.
  const ended = client.send(command, {}).then(
    () => false,
    () => false,
  );
  return Promise.race([triedTwice, ended]);
}

export function unsafeClientText(problems: readonly string[]): string {
  return `The SES client could send an email twice, or hang: ${problems.join("; ")}. To mend it, ${fix}.`;
}
