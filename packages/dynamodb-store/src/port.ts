import { setMaxListeners } from "node:events";
import type { CasPort } from "@exactly-once/core/ports";
import { attentionPage } from "./attention.js";
import { backPressure } from "./faults.js";
import type { DynamodbPortOptions, Place } from "./place.js";
import { readCells } from "./read-cells.js";
import { MAX_CONTENT_BYTES } from "./table.js";
import { attendCell, writeCells } from "./write-cells.js";

/** `BatchGetItem` takes as many keys. */
const MAX_BATCH = 100;

/**
 * Cells as items of one table.
 *
 * Repeating any of these requests is harmless, whoever does it (this code, the SDK, a proxy): a read changes
 * nothing; a write has a condition on a revision that its own execution replaces by another random one, so
 * that a second execution is refused; and `casStore` concludes nothing from a refusal but reads again. That
 * is why the client's own retries may stay on.
 */
export function dynamodbPort(options: DynamodbPortOptions): CasPort {
  const { client, table, keyPrefix, clock, randomness, clockCheck } = options;
  const patiently = backPressure(clock, randomness);
  const place: Place = { client, table, keyPrefix, clock, clockCheck, patiently };
  return {
    clock: "caller",
    durable: true,
    shared: true,
    maxBatch: MAX_BATCH,
    maxValueBytes: MAX_CONTENT_BYTES,
    read: (names, signal) => readCells(place, names, forMany(signal)),
    write: (items, signal) => writeCells(place, items, forMany(signal)),
    attend: (name, attentionAt, signal) => attendCell(place, name, attentionAt, signal),
    attention: (cursor, limit, signal) =>
      patiently(() => attentionPage(place, cursor, limit, forMany(signal)), signal),
  };
}

/** Each item of a call listens to its signal; the default limit is there to find leaks. */
function forMany(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}
