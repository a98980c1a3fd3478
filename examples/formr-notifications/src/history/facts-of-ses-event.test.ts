import { emailTags, parseSesMessage } from "@exactly-once/ses-adapter";
import { expect, it } from "vitest";
import { factsOfSesEvent } from "./facts-of-ses-event.js";
import { keyOf } from "./send-history.fixture.js";

const key = keyOf(1);
const attemptId = `${key}-email-x-1-1`;

/** The facts of an event in SES's words, about an email to an address. */
function factsOf(eventType: string, details: object = {}, attempt = attemptId) {
  const mail = {
    timestamp: "2026-01-05T10:00:00.000Z",
    messageId: "ses-1",
    destination: ["jo@example.org"],
    commonHeaders: { subject: "Dear Dr Bloggs" },
    tags: { [emailTags.attempt]: [attempt], [emailTags.content]: ["abc"] },
  };
  const parsed = parseSesMessage(JSON.stringify({ eventType, mail, ...details }));
  if (parsed.kind !== "event") throw new Error("not an event");
  return factsOfSesEvent(parsed.event);
}

const sent = {
  ...{ type: "sent", key, messageId: "ses-1", via: "event", attemptId, content: "abc" },
  at: Date.parse("2026-01-05T10:00:00Z"),
};

it("a bounce keeps its kind and its moment, and no address", () => {
  const bounce = {
    bounceType: "Permanent",
    bouncedRecipients: [{ emailAddress: "jo@example.org", diagnosticCode: "<jo@example.org>…" }],
    timestamp: "2026-01-05T10:00:07.000Z",
  };
  expect(factsOf("Bounce", { bounce })).toEqual([
    sent,
    {
      ...{ type: "delivery", key, messageId: "ses-1", state: "Bounce", bounceType: "Permanent" },
      at: Date.parse("2026-01-05T10:00:07Z"),
    },
  ]);
});

it("a kind of bounce that isn't a word is left out", () => {
  const bounce = { bounceType: "to jo@example.org", timestamp: "whenever" };
  expect(JSON.stringify(factsOf("Bounce", { bounce }))).not.toMatch(/example|NaN|null/);
});

it.each(["Open", "Click", "Something new"])("%s proves only that it was sent", (type) => {
  expect(factsOf(type)).toEqual([sent]);
});

it("a tag that isn't an attempt's says nothing", () => {
  expect(factsOf("Send", {}, "jo@example.org")).toEqual([]);
});
