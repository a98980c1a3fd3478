import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a request may read the history, by its `Authorization` header. */
export type HistoryAccess = (authorization: string | undefined) => boolean;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * By a token where there is one. Without, only a service that nobody but its own machine reaches
 * gives its history away: it tells what happened to whom, if only by id.
 */
export function historyAccess(config: {
  readonly host: string;
  readonly historyToken: string | undefined;
}): HistoryAccess {
  const { host, historyToken: token } = config;
  if (token === undefined) return () => LOOPBACK.test(host);
  return (authorization) => same(authorization ?? "", `Bearer ${token}`);
}

/** Takes the same time for every wrong guess. */
function same(given: string, expected: string): boolean {
  const digestOf = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digestOf(given), digestOf(expected));
}
