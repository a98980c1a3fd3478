import Table from "cli-table3";
import { withLeakGuard } from "../kernel/leak-guard.js";
import { GRID, walkMs, type Assumptions } from "./assumptions.js";
import { replay, type Outcome } from "./replay.js";

export interface IncidentReport {
  readonly points: readonly {
    readonly assumptions: Assumptions;
    readonly walkMs: number;
    readonly naive: Outcome;
    readonly ours: Outcome;
  }[];
  /** Doctors to whom our service repeated a confirmation, over all points. */
  readonly ours: number;
}

const SEED = 1;
/** What the postmortem counted: doctors with two and more, with three and more, the most for one. */
const KNOWN = { twoOrMore: 123, threeOrMore: 26, most: 10 };

/** Replays three days of traffic through both services, over a range of assumptions. */
export async function tellIncident(grid: readonly Assumptions[] = GRID): Promise<IncidentReport> {
  const points: IncidentReport["points"][number][] = [];
  for (const assumptions of grid) {
    const [naive, ours] = await withLeakGuard(async () => [
      await replay("naive", assumptions, SEED),
      await replay("ours", assumptions, SEED),
    ]);
    if (naive && ours) points.push({ assumptions, walkMs: walkMs(assumptions), naive, ours });
  }
  console.log(asTable(points));
  return { points, ours: points.reduce((sum, { ours }) => sum + ours.repeated, 0) };
}

function asTable(points: IncidentReport["points"]): string {
  const table = new Table({
    head: [
      "per hour",
      "new",
      "walk",
      "naive ≥2",
      "≥3",
      "most",
      "copies",
      "ours ≥2",
      "repeated",
      "updates",
      "mails",
    ],
    style: { head: [], border: [], compact: true },
  });
  const { twoOrMore, threeOrMore, most } = KNOWN;
  table.push(["?", "?", "?", twoOrMore, threeOrMore, most, 10, "", "", "", "the incident"]);
  for (const { assumptions, walkMs: walk, naive, ours } of points) {
    const { perHour, newAccounts } = assumptions;
    table.push([
      perHour,
      newAccounts,
      `${Math.round(walk / 1_000)} s`,
      naive.twoOrMore,
      naive.threeOrMore,
      naive.most,
      naive.mostCopies,
      ours.twoOrMore,
      ours.repeated,
      ours.updates,
      ours.mails,
    ]);
  }
  return table.toString();
}
