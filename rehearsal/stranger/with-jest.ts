import { scenarios } from "./scenarios.js";

/** Jest's own, in every test file. */
declare const test: (name: string, scenario: () => Promise<void>, timeoutMs: number) => void;

for (const [name, scenario] of Object.entries(scenarios)) test(name, scenario, 60_000);
