import { pipeline, Readable, Transform } from "node:stream";

/** SES's replies have less than 2 kB; a proxy's page may be longer, and is only to be told as such. */
const maxReplyBytes = 256 * 1_024;

/**
 * The body of a reply, cut off with an error where it is longer than any of SES's. A body of a kind
 * that isn't Node's is left as it is: the call's time limit ends it.
 */
export function limitBody(body: unknown): unknown {
  if (!(body instanceof Readable)) return body;
  let left = maxReplyBytes;
  const limited = new Transform({
    transform: (chunk: Uint8Array, _, done) => {
      left -= chunk.byteLength;
      if (left < 0) done(new Error(`The reply has more than ${maxReplyBytes} bytes.`));
      else done(undefined, chunk);
    },
  });
  // Who reads the limited body is told of faults; there is nobody else to tell.
  return pipeline(body, limited, () => undefined);
}
