import { describe, expect, it } from "vitest";
import { credentialRevokedEvent } from "../credential-revoked/event.js";
import { formUpdatedEvent } from "../form-updated/event.js";
import { expectedEmails } from "./expected-emails.js";
import { REAL } from "./scale.js";
import { createWorkload, type WorkloadEvent } from "./workload.js";

const seeds = [1, 2, 3, 4, 5];
const workload = (seed = 1, users = 3_000) => createWorkload({ seed, users });

const storyOf = (events: readonly WorkloadEvent[], user: number) =>
  events
    .filter((event) => event.user === user)
    .map((event) => (event.queue === "form-updated" ? event.body.lifecycleState : "REVOKED"));

describe("the workload", () => {
  it("is the same for the same seed and another for another", () => {
    expect(workload(7)).toEqual(workload(7));
    expect(workload(7)).not.toEqual(workload(8));
  });

  it.each(seeds)("has both parts, returned, deleted and revoked ones (seed %i)", (seed) => {
    const events = workload(seed);
    const stories = new Set(
      [...new Set(events.map(({ user }) => user))].map((user) => storyOf(events, user).join(" ")),
    );
    expect([...stories].sort()).toEqual(
      [
        "REVOKED",
        "SUBMITTED",
        "SUBMITTED DELETED",
        "SUBMITTED SUBMITTED",
        "SUBMITTED UNSUBMITTED SUBMITTED",
      ].sort(),
    );
  });

  it("is made of events that the services accept, each published once, in time order", () => {
    const events = workload();
    for (const { queue, body } of events) {
      const schema = queue === "form-updated" ? formUpdatedEvent : credentialRevokedEvent;
      expect(schema.safeParse(body).success).toBe(true);
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(events.map(({ atMs }) => atMs)).toEqual(
      events.map(({ atMs }) => atMs).sort((one, other) => one - other),
    );
  });

  it("begins at once and fits into its time", () => {
    const times = workload().map(({ atMs }) => atMs);
    expect(times[0]).toBe(0);
    expect(times.at(-1)).toBeLessThan((REAL.arrivalSeconds + 60) * 1_000);
  });

  it("stays within the pool, small or large", () => {
    for (const users of [60, 60_000]) {
      const events = workload(1, users);
      expect(Math.max(...events.map(({ user }) => user))).toBeLessThan(users);
      expect(events.length).toBeGreaterThan(20);
    }
  });
});

describe("the expected emails", () => {
  it.each(seeds)("are one for each event, no two alike (seed %i)", (seed) => {
    const events = workload(seed);
    const expected = expectedEmails(events, { users: 3_000, seed });
    expect(expected.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(new Set(expected.map(({ identity }) => identity)).size).toBe(events.length);
  });

  it("go to the doctor whom the event is about", () => {
    const [event] = workload();
    const [expected] = expectedEmails(workload(), { users: 3_000, seed: 1 });
    expect(expected?.to).toBe(`trainee-${event?.user}@example.org`);
  });
});
