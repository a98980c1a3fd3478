import { runSeeds, type SeedRange } from "./run-seeds.js";

process.on("message", (range: SeedRange) => {
  void runSeeds(range).then((result) => process.send?.(result));
});
