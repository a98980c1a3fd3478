import { createVirtualClock } from "@exactly-once/core/testing";
import { expect, it } from "vitest";
import { memorySendHistory } from "./memory-send-history.js";
import { keyOf, seen, sendHistorySuite, sent } from "./send-history.fixture.js";

const limits = { retentionMs: 60_000, maxPerTrainee: 3 };

sendHistorySuite("memory", () => memorySendHistory(limits));

it("memory forgets a notification once nothing was heard of it for the retention", async () => {
  const clock = createVirtualClock();
  const history = memorySendHistory({ ...limits, clock });
  await history.add([seen(1), seen(2)]);
  await clock.advance(40_000);
  await history.add([sent(1, "ses-1")]);
  await clock.advance(40_000);
  const { notifications } = await history.page("47165", { limit: 10 });
  expect(notifications.map(({ key }) => key)).toEqual([keyOf(1)]);
});

it("memory keeps so many notifications in all, whoever they are for", async () => {
  const history = memorySendHistory({ ...limits, maxInAll: 2 });
  await history.add([1, 2, 3].map((number) => seen(number, { traineeId: `t${number}` })));
  const all = [];
  for await (const { traineeId } of history.notifications()) all.push(traineeId);
  expect(all).toEqual(["t2", "t3"]);
});
