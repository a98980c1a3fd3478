import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emailOf, traineeIdOf } from "./local/cognito-pool.js";
import { sampleCredential, sampleForm } from "./local/sample-events.js";
import { mailTo, runService, type RunningService } from "./service.fixture.js";

let running: RunningService;

beforeAll(async () => {
  running = await runService({
    cognito: {
      users: 100,
      extraUsers: [
        {
          username: "no-name",
          attributes: { email: "no-name@example.org", "custom:tisId": "no-name" },
        },
      ],
    },
  });
});

afterAll(() => running.close());

describe("an email about a form", () => {
  const cases = [
    ["SUBMITTED", "We have received your Form R (Part A)", /We received your Form R \(Part A\) on/],
    ["UNSUBMITTED", "has been returned to you for changes", /submit it again/],
    ["DELETED", "Your Form R (Part A) has been deleted", /local office deleted your Form R/],
    ["APPROVED", "Your Form R (Part A) has been updated", /It is now approved/],
    ["WITHDRAWN", "Your Form R (Part A) has been updated", /It is now withdrawn/],
  ] as const;

  it.each(cases)("for %s has its own words", async (lifecycleState, subject, words) => {
    const position = cases.findIndex(([state]) => state === lifecycleState);
    const traineeId = traineeIdOf(position);
    await running.stack.submitForm(sampleForm({ traineeId, lifecycleState }));
    const [email] = await mailTo(running.stack, emailOf(position));
    expect(email?.mime.subject).toContain(subject);
    expect(email?.mime.text?.replace(/\n/g, " ")).toMatch(words);
    expect(email?.mime.html).toMatch(words.source === "It is now approved" ? /approved/ : /Form R/);
    expect(email?.mime.html).toContain('href="https://trainee.example.org/formr-a"');
    expect(email?.mime.text).toContain("https://trainee.example.org/formr-a");
  });

  it("greets by family name, dates in UK time, and names the form", async () => {
    const event = sampleForm({
      traineeId: traineeIdOf(10),
      formType: "formr-b",
      formName: "abc.json",
      eventDate: "2024-06-30T23:30:05Z",
    });
    await running.stack.submitForm(event);
    const [email] = await mailTo(running.stack, emailOf(10));
    expect(email?.mime.text).toMatch(/^Dear Dr \S+,\n/);
    expect(email?.mime.text).toContain("Form R (Part B)");
    expect(email?.mime.text).toMatch(/Date: +1 July 2024\nTime: +00:30:05 \(UK time\)/);
    expect(email?.mime.text).toContain("abc.json");
    expect(email?.mime.html).toContain("1 July 2024");
    expect(email?.mime.html).toContain("/formr-b");
  });

  it("greets a doctor without a family name as Doctor", async () => {
    await running.stack.submitForm(sampleForm({ traineeId: "no-name" }));
    const [email] = await mailTo(running.stack, "no-name@example.org");
    expect(email?.mime.text).toMatch(/^Dear Doctor,\n/);
  });

  it("of a type that isn't known calls it a form and leads to the application", async () => {
    await running.stack.submitForm(sampleForm({ traineeId: traineeIdOf(11), formType: "ltft" }));
    const [email] = await mailTo(running.stack, emailOf(11));
    expect(email?.mime.subject).toBe("We have received your form");
    expect(email?.mime.html).toContain('href="https://trainee.example.org/"');
  });
});

describe("an email about a credential", () => {
  it.each([
    ["Training Placement", "https://trainee.example.org/placements", 20],
    ["TRAINING_PROGRAMME", "https://trainee.example.org/programmes", 21],
    ["Something else", "https://trainee.example.org/", 22],
  ])("of type %s leads to %s", async (credentialType, link, position) => {
    await running.stack.revokeCredential(
      sampleCredential({
        credentialType,
        traineeId: traineeIdOf(position),
        issuedAt: "2023-12-31T12:00:00Z",
      }),
    );
    const [email] = await mailTo(running.stack, emailOf(position));
    expect(email?.mime.html).toContain(`href="${link}"`);
    expect(email?.mime.text).toContain("31 December 2023");
    expect(email?.mime.subject).toMatch(/^Your .+ credential has been revoked$/);
  });
});

describe("one notification", () => {
  it("that is published again is sent once", async () => {
    const event = sampleForm({ traineeId: traineeIdOf(30) });
    for (let copy = 0; copy < 5; copy += 1) await running.stack.submitForm(event);
    // In the same group, so handled after all the copies.
    await running.stack.submitForm({ ...event, lifecycleState: "DELETED" });
    const emails = await mailTo(running.stack, emailOf(30), 2);
    expect(emails.map(({ mime }) => mime.subject)).toEqual([
      "We have received your Form R (Part A)",
      "Your Form R (Part A) has been deleted",
    ]);
  });

  it("is told from Part B, and from a later submission of the same form", async () => {
    const first = sampleForm({ traineeId: traineeIdOf(31), eventDate: "2024-07-01T10:00:00Z" });
    await running.stack.submitForm(first);
    await running.stack.submitForm({ ...first, formType: "formr-b" });
    await running.stack.submitForm({ ...first, eventDate: "2024-07-01T10:00:01Z" });
    expect(await mailTo(running.stack, emailOf(31), 3)).toHaveLength(3);
  });
});

describe("the service", () => {
  it("tells its health, and that it is ready", async () => {
    for (const path of ["/health", "/ready"]) {
      const reply = await fetch(running.service.url + path);
      expect(reply.status).toBe(200);
      expect(await reply.json()).toMatchObject({
        status: "up",
        ready: true,
        consumers: { "form-updated": { state: "running" } },
        users: { state: "fresh", users: 101 },
      });
    }
  });

  it("listens on loopback only", () => {
    expect(new URL(running.service.url).hostname).toBe("127.0.0.1");
  });

  it("logs what it did without an address or a name", async () => {
    await running.stack.submitForm(sampleForm({ traineeId: traineeIdOf(40) }));
    await mailTo(running.stack, emailOf(40));
    const log = running.log();
    expect(log).toContain('"msg":"attemptSettled"');
    expect(log).not.toContain("@example.org");
    expect(log).not.toContain("trainee-40");
    for (const email of running.stack.ses.sent()) {
      const name = /Dear Dr (.*),/.exec(email.mime.text ?? "")?.[1];
      if (name !== undefined) expect(log).not.toContain(name);
    }
  });
});
