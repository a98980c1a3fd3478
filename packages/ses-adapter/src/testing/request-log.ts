import type { SesCall, StruckKind } from "./faults.js";

/** One call as the server saw it. */
export interface LoggedRequest extends SesCall {
  /** When its last byte had come, by the server's clock, in milliseconds since the epoch. */
  readonly at: number;
  /** What the signature says about when it was signed; undefined when it was refused for that. */
  readonly signedAt: number | undefined;
  readonly fault: StruckKind | undefined;
  /** Whether the action was carried out: for a sending action, the email accepted. */
  readonly carriedOut: boolean;
  /** Of the accepted email. */
  readonly messageId: string | undefined;
  /** The error code it was refused with. */
  readonly refusedWith: string | undefined;
}

export type OpenRequest = { -readonly [K in keyof LoggedRequest]: LoggedRequest[K] };

/** Remembers the newest `keep` calls. */
export const createRequestLog = (keep: number) => {
  let requests: OpenRequest[] = [];
  let seen = 0;
  return {
    open: (call: Omit<SesCall, "number">, at: number): OpenRequest => {
      const request: OpenRequest = {
        ...call,
        number: (seen += 1),
        at,
        signedAt: undefined,
        fault: undefined,
        carriedOut: false,
        messageId: undefined,
        refusedWith: undefined,
      };
      requests.push(request);
      if (requests.length > keep * 2) requests = requests.slice(-keep);
      return request;
    },
    all: (): readonly LoggedRequest[] => requests.slice(-keep),
    seen: (): number => seen,
  };
};

export type RequestLog = ReturnType<typeof createRequestLog>;
