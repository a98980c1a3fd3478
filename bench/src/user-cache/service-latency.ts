// node scripts/run-ts.mjs bench/src/user-cache/service-latency.ts [USERS] [PAGE_MS] [SECONDS]
//
// Is any message handled late because the user cache is rebuilt? The whole FormR service runs as a
// process of its own; a form is submitted every 250 ms, before and while the pool is walked again,
// and the time from its submission until SES accepted the email is taken.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
// eslint-disable-next-line no-restricted-imports -- the example is private, and it is what is measured
import { startLocalStack } from "../../../examples/formr-notifications/src/local/stack.js";
// eslint-disable-next-line no-restricted-imports -- as above
import { traineeIdOf } from "../../../examples/formr-notifications/src/local/cognito-pool.js";
import { nodeTsArgs } from "../../../scripts/node-ts-args.mjs";

const [users = 60_000, pageMs = 100, ttlSeconds = 40] = process.argv.slice(2).map(Number);
const SERVICE = fileURLToPath(
  new URL("../../../examples/formr-notifications/src/main.ts", import.meta.url),
);
const EVERY_MS = 250;

interface Sample {
  readonly ms: number;
  readonly walking: boolean;
}

const stack = await startLocalStack({ cognito: { users, pageLatencyMs: pageMs } });
const startedAt = Date.now();
const service = spawn(process.execPath, [...nodeTsArgs, SERVICE], {
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    ...process.env,
    ...stack.env,
    USER_CACHE_TTL_SECONDS: String(ttlSeconds),
    COGNITO_CALLS_PER_SECOND: "10000",
  },
});
const ready = new Promise<void>((resolve) => {
  createInterface(service.stdout).on("line", (line) => {
    if (line.includes('"msg":"ready"')) resolve();
  });
});

try {
  await ready;
  console.log(`warm after ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
  const walksBefore = stack.cognito.counts().calls;
  const samples: Sample[] = [];
  let walked = false;
  for (let n = 0; !(walked && samples.length >= 400) && n < 1_200; n += 1) {
    const callsBefore = stack.cognito.counts().calls;
    samples.push(await submitOne(n, callsBefore));
    walked ||= stack.cognito.counts().calls - walksBefore >= users / 60;
  }
  report(
    "no walk",
    samples.filter(({ walking }) => !walking),
  );
  report(
    "while the pool is walked again",
    samples.filter(({ walking }) => walking),
  );
} finally {
  service.kill("SIGTERM");
  await stack.close();
}

/** Submits a form of another trainee each time, and waits for its email. */
async function submitOne(n: number, callsBefore: number): Promise<Sample> {
  const sentBefore = stack.ses.sent().length;
  const at = Date.now();
  await stack.submitForm({
    formName: `form ${n}`,
    lifecycleState: "SUBMITTED",
    traineeId: traineeIdOf(Math.floor((n * users) / 1_200)),
    formType: "formr-a",
    eventDate: new Date(at).toISOString(),
    formContentDto: {},
  });
  while (stack.ses.sent().length === sentBefore) await sleep(1);
  const ms = Date.now() - at;
  await sleep(Math.max(0, EVERY_MS - ms));
  return { ms, walking: stack.cognito.counts().calls > callsBefore };
}

function report(name: string, samples: readonly Sample[]): void {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
  console.log(
    `${name}: ${sorted.length} forms, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`,
  );
}
