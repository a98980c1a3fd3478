import type { IncomingMessage, ServerResponse } from "node:http";

/** Reads a request's body; undefined when it is longer than `limitBytes`. */
export const readBody = async (
  request: IncomingMessage,
  limitBytes: number,
): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    // Read on without keeping it: a client still writing would see a reset instead of the refusal.
    if (length <= limitBytes) chunks.push(chunk);
  }
  if (length > limitBytes) return undefined;
  return Buffer.concat(chunks).toString("utf8");
};

/** Answers with a whole body and its true length. */
export const answer = (
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
};

export const answerJson = (response: ServerResponse, status: number, value: unknown): void =>
  answer(response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`);
