import { test } from "vitest";
import { scenarios } from "./scenarios.js";

for (const [name, scenario] of Object.entries(scenarios)) test(name, scenario, 60_000);
