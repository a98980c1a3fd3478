import { runSeeds, type SeedRange } from "./run-seeds.js";

let underWay: SeedRange | undefined;

process.on("message", (range: SeedRange) => {
  underWay = range;
  // The channel alone would keep a process alive in which nothing goes on any more.
  process.channel?.unref();
  void runSeeds(range).then((result) => {
    underWay = undefined;
    process.channel?.ref();
    process.send?.(result);
  });
});

process.on("beforeExit", () => {
  if (underWay === undefined) return;
  console.error(
    `Of the seeds from ${underWay.first} on, ${underWay.count} in all, one never ends.`,
  );
  process.exit(1);
});
