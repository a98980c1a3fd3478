import { z } from "zod";

/** An id without room for an address or a name, since ids appear in logs and on dead letters. */
export const traineeId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ or -");

/** ISO 8601 with an offset, as the producers write a moment. */
export const instant = z.iso.datetime({
  offset: true,
  error: "must be an ISO 8601 time with an offset, such as 2024-07-01T09:30:00Z",
});

/** Text that a person or another system chose. */
export const shortText = z.string().min(1).max(256);
