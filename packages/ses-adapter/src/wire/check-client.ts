import type { CommandStack, ClientConfig, SesApi } from "./ses-api.js";

/**
 * What is unsafe about a client's timeouts, in words that say what to change. The handler knows
 * its settings only after a first request.
 */
export function timeoutProblems(
  { requestHandler }: ClientConfig,
  maxRequestMs: number,
): readonly string[] {
  const { httpHandlerConfigs } = requestHandler as {
    httpHandlerConfigs?: () => Readonly<Record<string, unknown>>;
  };
  const settings = httpHandlerConfigs?.call(requestHandler) ?? {};
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
export async function resendProblems(api: SesApi): Promise<readonly string[]> {
  for (const temptation of temptations) {
    if (await resends(api, temptation)) {
      return [`it resends by itself after a failure such as ${String(temptation["name"])}`];
    }
  }
  const maxAttempts = await api.config.maxAttempts();
  return maxAttempts === 1 ? [] : [`maxAttempts is ${maxAttempts}, and must be 1`];
}

async function resends(
  api: SesApi,
  temptation: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  let tries = 0;
  let noteTwice: (twice: true) => void = () => undefined;
  const triedTwice = new Promise<true>((resolve) => (noteTwice = resolve));
  const lookOut = (): Promise<never> => {
    tries += 1;
    if (tries === 1) throw Object.assign(new Error("probe"), temptation);
    noteTwice(true);
    // Never settles: another error would keep a stubborn strategy busy without end.
    return new Promise<never>(() => undefined);
  };
  const ended = api
    .askAccount({
      arm: (stack) => {
        (stack as CommandStack).add(() => lookOut, {
          ...{ step: "deserialize", priority: "low", name: "exactlyOnceProbe" },
        });
      },
      abortSignal: new AbortController().signal,
    })
    .then(
      () => false,
      () => false,
    );
  return Promise.race([triedTwice, ended]);
}

export function unsafeClientText(api: SesApi, problems: readonly string[]): string {
  return `${api.caller}: the SES client could send an email twice, or hang: ${problems.join("; ")}. To mend it, build the client with ${api.safeClient}.`;
}
