import { test } from "node:test";
import { scenarios } from "./scenarios.js";

for (const [name, scenario] of Object.entries(scenarios)) void test(name, scenario);
