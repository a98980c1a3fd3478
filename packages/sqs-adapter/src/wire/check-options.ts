import { ConfigurationError } from "@exactly-once/core";

/** Settings by their names, as a caller passed them or as they are by default. */
type Named<Value> = Readonly<Record<string, Value>>;

/** @throws ConfigurationError for what isn't the URL of a queue */
export function checkUrl(caller: string, urls: Named<string | undefined>): void {
  for (const [name, url] of Object.entries(urls)) {
    if (url === undefined || /^https?:\/\/[^/]+\/.+/.test(url)) continue;
    throw new ConfigurationError(
      `${caller}: ${name} is ${JSON.stringify(url)}: pass the queue's URL, as GetQueueUrl answers it.`,
    );
  }
}

/** @throws ConfigurationError for a number that is out of its range, or isn't one */
export function checkMs(
  caller: string,
  settings: Named<number>,
  { least, most = Infinity }: { readonly least: number; readonly most?: number },
): void {
  for (const [name, ms] of Object.entries(settings)) {
    if (ms >= least && ms <= most) continue;
    const range = most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    throw new ConfigurationError(`${caller}: ${name} is ${ms}; it has to be ${range} ms.`);
  }
}
