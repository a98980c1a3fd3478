// Searches the model exhaustively for each row of the table and checks what it finds.
//   node specs/run-table.mjs [--only NAME]
// Needs spin (Debian: apt-get install spin) and gcc.
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const TIMEOUT_MS = 1_200_000;

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} why what the row shows
 * @property {string[]} flags
 * @property {string | undefined} breaks the text of the assertion that must fail; none: all hold
 */

/** @type {(name: string, flags: string, breaks: string, why: string) => Row} */
const without = (name, flags, breaks, why) => ({ name, why, flags: flags.split(" "), breaks });
/** @type {(name: string, flags: string, why: string) => Row} */
const holds = (name, flags, why) => ({ name, why, flags: flags.split(" "), breaks: undefined });

const DUPLICATE = "mails[at[i].e]<=1";
const UNSENT = "mails[0]>=1";
const ALARM = "||alarmed";

/** Each rule left out, with what then goes wrong; then the protocol as it is. @type {Row[]} */
export const ROWS = [
  without(
    "try-number",
    "-DWITHOUT_TRY_NUMBER -DRETRY -DGHOSTS=0",
    DUPLICATE,
    "an attempt is named by its try within the claim",
  ),
  without(
    "try-number-late",
    "-DWITHOUT_TRY_NUMBER -DRETRY -DGHOSTS=1 -DCRASHES=0 -DMAXP=3",
    DUPLICATE,
    "a late 'rejected' clears only its own try",
  ),
  without(
    "owner",
    "-DWITHOUT_OWNER -DRESET -DGHOSTS=1 -DMAXP=3 -DMAXR=3 -DCRASHES=0 -DEXPS=0",
    DUPLICATE,
    "an attempt is named by its owner: a fence can start again",
  ),
  without(
    "late-event",
    "-DEVENTS_ONLY_UNKNOWN -DEVENTS -DP4 -DGHOSTS=0",
    "at[0].seen",
    "an event settles an effect in whatever state it is",
  ),
  without(
    "late-event-verdict",
    "-DEVENTS_ONLY_UNKNOWN -DEVENTS -DRECON -DGHOSTS=0",
    DUPLICATE,
    "an event that comes while sending still counts for a verdict",
  ),
  without(
    "late-proof",
    "-DWITHOUT_LATE_FACTS -DWITHOUT_STALENESS -DOPER -DEVENTS -DNOP1 -DP7 -DGHOSTS=0 -DEXPS=1",
    ALARM,
    "a proof counts whoever brings it: a second one raises the alarm",
  ),
  without(
    "watermark",
    "-DWITHOUT_WATERMARK -DEVENTS -DRECON -DGHOSTS=0",
    DUPLICATE,
    "silence needs events processed beyond the attempt's last moment",
  ),
  without(
    "moving-deadline",
    "-DMOVING_DEADLINE -DEVENTS -DRECON -DGHOSTS=0",
    DUPLICATE,
    "an attempt's deadline is fixed at begin",
  ),
  without(
    "early-verdict",
    "-DWITHOUT_STALENESS -DOPER -DGHOSTS=0",
    DUPLICATE,
    "'not sent' waits until the signature is stale",
  ),
  without(
    "unnamed-verdict",
    "-DUNNAMED_VERDICT -DOPER -DGHOSTS=0 -DMAXP=3 -DMAXR=3",
    DUPLICATE,
    "a verdict names the attempt it judges",
  ),
  without(
    "swallowed",
    "-DWITHOUT_UNRESOLVED -DSWALLOW -DGHOSTS=0",
    UNSENT,
    "complete is refused while anything begun isn't accepted",
  ),
  without(
    "two-effects",
    "-DWITHOUT_ALL_EFFECTS -DEFFECTS=2 -DSWALLOW -DGHOSTS=0 -DCRASHES=0 -DEXPS=1",
    UNSENT,
    "complete looks at every effect",
  ),
  without(
    "orphan-begin",
    "-DWITHOUT_GIVING_UP -DP6 -DGHOSTS=0",
    "fx[0].attempt==99",
    "a begin without an answer is given up",
  ),
  without(
    "refused-begin",
    "-DWITHOUT_NOT_MADE -DFAULTY_HOLD -DOPER -DP6 -DGHOSTS=1 -DCRASHES=0 -DEXPS=1",
    "fx[0].attempt==99",
    "a begin that was refused is given up, too: a late copy would be granted to nobody",
  ),
  without(
    "dead-is-done",
    "-DSQS_REDRIVES -DDEAD_IS_DONE -DGHOSTS=0 -DEXPS=1",
    UNSENT,
    "what was dead-lettered isn't done",
  ),
  without(
    "unfinished-expires",
    "-DUNFINISHED_EXPIRES -DSQS_REDRIVES -DREDRIVE -DGHOSTS=0 -DEXPS=1",
    DUPLICATE,
    "no record with an effect expires before it is done",
  ),
  without(
    "queue-redrives",
    "-DSQS_REDRIVES -DORDER -DGHOSTS=0",
    "nextStarted",
    "our dead-lettering comes before the queue's own",
  ),
  without(
    "block",
    "-DWITHOUT_BLOCK -DTRIPWIRE -DOPER -DP8 -DGHOSTS=0 -DEXPS=1",
    "wasBlocked",
    "what is blocked isn't begun",
  ),
  holds("plain", "-DGHOSTS=0", "two workers, crashes, zombies"),
  holds(
    "operator",
    "-DRETRY -DEVENTS -DOPER -DP4 -DP6 -DGHOSTS=1 -DCRASHES=0 -DEXPS=1",
    "an operator, events, a repeated command",
  ),
  holds(
    "reconcile",
    "-DRETRY -DEVENTS -DRECON -DP4 -DP6 -DGHOSTS=0 -DEXPS=1",
    "verdicts from silence",
  ),
  holds(
    "faulty-hold",
    "-DFAULTY_HOLD -DOPER -DP6 -DGHOSTS=1 -DCRASHES=0 -DEXPS=1",
    "a refused begin repeated, a release that never comes",
  ),
  holds("swallow", "-DSWALLOW -DGHOSTS=1 -DCRASHES=0 -DEXPS=1", "a handler that swallows errors"),
  holds("clock", "-DCLOCK -DRETRY -DGHOSTS=1 -DCRASHES=0", "leases that end before their time"),
  holds(
    "order",
    "-DBURY -DORDER -DEVENTS -DOPER -DGHOSTS=1 -DCRASHES=0 -DEXPS=1",
    "the order of a group",
  ),
  holds(
    "alarm",
    "-DOPER -DEVENTS -DNOP1 -DP7 -DWITHOUT_STALENESS -DGHOSTS=0 -DEXPS=1",
    "a duplicate by a wrong verdict is told",
  ),
  holds(
    "forgotten-record",
    "-DRESET -DGHOSTS=1 -DMAXP=3 -DMAXR=3 -DCRASHES=0 -DEXPS=0",
    "a record lost while nothing could be accepted",
  ),
  holds(
    "redrive",
    "-DBURY -DREDRIVE -DEVENTS -DP4 -DGHOSTS=0 -DCRASHES=0 -DEXPS=1",
    "dead-lettered and brought back",
  ),
  holds(
    "tripwire",
    "-DTRIPWIRE -DOPER -DP8 -DGHOSTS=1 -DCRASHES=0 -DEXPS=1",
    "blocked by the tripwire, allowed or dropped",
  ),
  holds(
    "two-effects-operator",
    "-DEFFECTS=2 -DOPER -DGHOSTS=0 -DCRASHES=0 -DEXPS=1 -DP6",
    "two effects and an operator",
  ),
  holds(
    "two-effects-swallow",
    "-DEFFECTS=2 -DSWALLOW -DGHOSTS=0 -DCRASHES=0 -DEXPS=1 -DMAXP=3",
    "two effects, errors swallowed",
  ),
  holds(
    "in-place",
    "-DIN_PLACE -DOPER -DGHOSTS=0 -DCRASHES=0 -DEXPS=1",
    "held in place: goes on without another receive",
  ),
];

/** Whether the tools are there. */
export async function canSearch() {
  try {
    await run("spin", ["-V"]);
    await run("gcc", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {Row} row
 * @returns {Promise<{ errors: number, states: number, broken: string, complete: boolean }>}
 */
async function search({ flags }) {
  const folder = await mkdtemp(join(tmpdir(), "specs-"));
  try {
    for (const file of ["record.pml", "protocol.pml"]) {
      await copyFile(join(FOLDER, file), join(folder, file));
    }
    const options = { cwd: folder, timeout: TIMEOUT_MS, maxBuffer: 1 << 26 };
    await run("spin", [...flags, "-a", "protocol.pml"], options);
    const compile = ["-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=4000", "-DVECTORSZ=2048"];
    await run("gcc", [...compile, "-o", "pan", "pan.c"], options);
    const { stdout } = await run("./pan", ["-m20000"], options);
    return {
      errors: Number(/errors: (\d+)/.exec(stdout)?.[1] ?? Number.NaN),
      states: Number(/(\d+) states, stored/.exec(stdout)?.[1] ?? 0),
      broken: /assertion violated ([^\n]*)/.exec(stdout)?.[1] ?? "",
      complete: !stdout.includes("Search not completed") && !stdout.includes("max search depth"),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Searches one row and compares it with what is expected.
 *
 * @param {Row} row
 * @returns {Promise<{ ok: boolean, text: string }>}
 */
export async function checkRow(row) {
  const { errors, states, broken, complete } = await search(row);
  const ok =
    row.breaks === undefined
      ? errors === 0 && complete
      : errors === 1 && broken.replaceAll(" ", "").includes(row.breaks);
  const found = errors === 0 ? (complete ? "holds" : "search not completed") : `breaks: ${broken}`;
  const expected = row.breaks === undefined ? "holds" : `breaks: …${row.breaks}…`;
  const verdict = ok ? "ok  " : "WRONG";
  const text = `${verdict} ${row.name}: ${found} (${states} states)${ok ? "" : `; expected ${expected}`}`;
  return { ok, text };
}

/** The record's table as the model prints it now. */
export async function printTable() {
  const { stdout } = await run("spin", ["-T", "table.pml"], { cwd: FOLDER, maxBuffer: 1 << 26 });
  const lines = stdout.split("\n").filter((line) => line.includes(" | "));
  return `${lines.map((line) => line.replace("R_", "")).join("\n")}\n`;
}

export const readTable = () => readFile(join(FOLDER, "record-table.txt"), "utf8");

async function main() {
  const only = process.argv.includes("--only")
    ? process.argv[process.argv.indexOf("--only") + 1]
    : undefined;
  if (!(await canSearch())) {
    console.error("THE MODEL WAS NOT CHECKED: spin and gcc are needed (apt-get install spin gcc).");
    return 1;
  }
  let wrong = 0;
  for (const row of ROWS) {
    if (only !== undefined && row.name !== only) continue;
    const { ok, text } = await checkRow(row);
    console.log(`${text} - ${row.why}`);
    if (!ok) wrong += 1;
  }
  const same = (await printTable()) === (await readTable());
  console.log(
    same ? "ok   record-table.txt is what the model prints" : "WRONG record-table.txt is not",
  );
  return wrong === 0 && same ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
