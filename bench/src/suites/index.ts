import { dedupe } from "./dedupe.js";
import { footprint } from "./footprint.js";
import { heartbeats } from "./heartbeats.js";
import { idle } from "./idle.js";
import { pipeline } from "./pipeline.js";
import { scale } from "./scale.js";
import { skew } from "./skew.js";
import type { Suite } from "./suite.js";
import { telemetry } from "./telemetry.js";
import { throughput } from "./throughput.js";

export const suites: Readonly<Record<string, Suite>> = {
  throughput,
  skew,
  idle,
  dedupe,
  pipeline,
  heartbeats,
  scale,
  telemetry,
  footprint,
};
