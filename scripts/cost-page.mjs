// What it takes at four rates, from measured figures and dated prices: node scripts/cost-page.mjs [--write]
// Writes the tables of docs/guides/scale-and-cost.md; without --write it checks them.
import { readFileSync, writeFileSync } from "node:fs";
import prettier from "prettier";
import { root } from "./packages.mjs";

const PAGE = `${root}docs/guides/scale-and-cost.md`;
const BEGIN = "<!-- figures: written by `node scripts/cost-page.mjs --write` -->";
const END = "<!-- /figures -->";

/** US dollars in us-east-1, as public pages had them in November 2026; look up your own region's. */
const prices = {
  sqsPerMillion: 0.4,
  sqsFifoPerMillion: 0.5,
  snsPerMillion: 0.5,
  sesPerThousand: 0.1,
};

/** @type {{ suite: string, case: string, contender: string, metric: string, median: number }[]} */
const rows = JSON.parse(readFileSync(`${root}bench/results/bench.json`, "utf8"));

/**
 * @param {string} suite
 * @param {string} name
 * @param {string} metric
 */
function measured(suite, name, metric) {
  const row = rows.find(
    (one) =>
      one.suite === suite &&
      one.case === name &&
      one.metric === metric &&
      one.contender === "ours on Redis",
  );
  if (row === undefined) throw new Error(`bench/results/bench.json has no ${metric} of ${name}`);
  return row.median;
}

const DEDUPE = /** @type {const} */ (["dedupe on Redis", "trivial effect, 4 pollers"]);
const busyRequests = measured(...DEDUPE, "SQS requests per message");
const redisCpu = measured(...DEDUPE, "Redis CPU per message");
const clientCpu = measured(...DEDUPE, "client CPU per message");
/** As the Redis store's README has it, with one email. */
const RECORD_BYTES = 280;
/** Alone in its batch, a message takes a receive and a delete. */
const QUIET_REQUESTS = 2;
const DAY_S = 86_400;
const PEAK = 5;

/** @type {readonly (readonly [string, number])[]} */
const rates = [
  ["one a minute", 1_440],
  ["one a second", 86_400],
  ["100 a second", 8_640_000],
  ["100 million a day", 100_000_000],
];

/** @param {number} value */
const short = (value) => {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))) - 1);
  return Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: digits });
};
/** @param {number} dollars */
const money = (dollars) => (dollars < 0.01 ? "below $0.01" : `$${short(dollars)}`);
/** @param {readonly (readonly string[])[]} table */
const markdown = ([head = [], ...body]) =>
  [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");

function tables() {
  const month = 30;
  const taking = rates.map(([name, aDay]) => {
    const peak = (aDay / DAY_S) * PEAK;
    const memory = aDay * 28 * RECORD_BYTES;
    return [
      name,
      `${short(peak)}/s`,
      `${short((peak * redisCpu) / 1e6)} cores`,
      `${short((peak * clientCpu) / 1e6)} cores`,
      `${short(memory / 1e9)} GB`,
      `${short(memory / 4 / 1e9)} GB`,
    ];
  });
  const costing = rates.map(([name, aDay]) => {
    const messages = aDay * month;
    const requests = aDay > 1_000_000 ? 1 + busyRequests : 1 + QUIET_REQUESTS;
    const sqs = (messages * requests * prices.sqsFifoPerMillion) / 1e6;
    // Two events for an email: Send and Delivery. Each is an SNS notification, a message and its share of batches.
    const event = prices.snsPerMillion + (requests - 1) * prices.sqsPerMillion;
    const events = (messages * 2 * event) / 1e6;
    return [name, money(sqs), money(events), money((messages * prices.sesPerThousand) / 1_000)];
  });
  return [
    markdown([
      [
        "notifications",
        `peak (${PEAK} times the mean)`,
        "Redis' CPU at it",
        "the service's CPU at it",
        "memory, 28 days",
        "memory, 7 days",
      ],
      ...taking,
    ]),
    "",
    `A message takes ${short(busyRequests)} SQS requests in full batches and ${QUIET_REQUESTS} alone, ${short(redisCpu)} µs of Redis and ${short(clientCpu)} µs of the service, rendering and sending not counted ([bench/results](../../bench/results)); a record takes ${RECORD_BYTES} bytes.`,
    "",
    markdown([
      ["a month of", "SQS FIFO, sending included", "SES events (SNS, SQS)", "SES itself"],
      ...costing,
    ]),
    "",
    `By list prices of us-east-1 in November 2026: SQS $${prices.sqsPerMillion} and FIFO $${prices.sqsFifoPerMillion} a million requests, SNS $${prices.snsPerMillion} a million, SES $${prices.sesPerThousand} a thousand. Requests of empty polls are not in it.`,
  ].join("\n");
}

const page = readFileSync(PAGE, "utf8");
const [before = "", rest = ""] = page.split(BEGIN);
const [, after = ""] = rest.split(END);
const config = await prettier.resolveConfig(PAGE);
const wanted = await prettier.format(`${before}${BEGIN}\n\n${tables()}\n\n${END}${after}`, {
  ...config,
  parser: "markdown",
});
if (process.argv.includes("--write")) writeFileSync(PAGE, wanted);
else if (page !== wanted) {
  console.error("docs/guides/scale-and-cost.md isn't what the figures say (--write makes it so)");
  process.exitCode = 1;
}
