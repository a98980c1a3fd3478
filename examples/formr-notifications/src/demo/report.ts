import { readFileSync } from "node:fs";
import Handlebars from "handlebars";
import { CHART_COLOURS, histogram, timeline, type Deliveries } from "./charts.js";
import type { AcceptedEmail } from "./counting.js";
import type { ExpectedEmail } from "./expected-emails.js";
import { counted, duration } from "./in-words.js";
import { INCIDENT } from "./incident.js";
import { REAL, SCALE, scaledMs } from "./scale.js";
import { standaloneSvg } from "./standalone-svg.js";
import { cell, judgement, SECTIONS, type Outcome } from "./table.js";
import { alarmNote, passed, verdict } from "./verdict.js";
import type { WorkloadEvent } from "./workload.js";

/** One replay with all that was seen of it. */
export interface Run {
  readonly seed: number;
  readonly users: number;
  readonly walkSeconds: number;
  readonly workload: readonly WorkloadEvent[];
  readonly expected: readonly ExpectedEmail[];
  readonly emails: {
    readonly naive: readonly AcceptedEmail[];
    readonly ours: readonly AcceptedEmail[];
  };
  readonly outcome: Outcome;
}

const WIDE = 728;
const NARROW = 340;

/** The replay as one HTML page that needs nothing else. */
export function htmlReport(input: Run): string {
  const template = readFileSync(new URL("./report.html.hbs", import.meta.url), "utf8");
  const { outcome, emails } = input;
  const doctor = worstTreated(input);
  return Handlebars.compile(template, { strict: true })({
    seed: input.seed,
    users: input.users.toLocaleString("en-GB"),
    events: input.expected.length,
    visibility: duration(REAL.visibilitySeconds),
    walk: duration(input.walkSeconds),
    scale: SCALE,
    colours: CHART_COLOURS,
    passed: passed(outcome),
    verdict: verdict(outcome),
    alarm: alarmNote(input.expected, emails.naive),
    histogram: {
      wide: histogram(emails, { width: WIDE, height: 300 }),
      narrow: histogram(emails, { width: NARROW, height: 280 }),
    },
    doctor,
    timeline: {
      wide: timeline(doctor.deliveries, { width: WIDE, height: 190 }),
      narrow: timeline(doctor.deliveries, { width: NARROW, height: 190 }),
    },
    sections: SECTIONS.map(({ heading, rows }) => ({
      heading,
      rows: rows.map(({ figure, label }) => ({
        label,
        naive: { text: cell(figure, outcome.naive), judgement: judgement(figure, outcome.naive) },
        ours: { text: cell(figure, outcome.ours), judgement: judgement(figure, outcome.ours) },
        incident: INCIDENT[figure],
      })),
    })),
  });
}

/** The two charts as SVG files, by file name. */
export function reportImages(run: Run): Readonly<Record<string, string>> {
  const size = { width: WIDE, height: 300 };
  return {
    "emails-per-doctor.svg": standaloneSvg(
      histogram(run.emails, size),
      "How many doctors got how many emails, from the naive service and from ours",
    ),
    "one-doctor.svg": standaloneSvg(
      timeline(worstTreated(run).deliveries, { ...size, height: 190 }),
      "When one doctor's emails came, from the naive service and from ours",
    ),
  };
}

interface TreatedDoctor {
  readonly about: string;
  readonly deliveries: Deliveries;
}

const surplus = (doctor: { readonly naiveAt: readonly number[]; readonly rightful: number }) =>
  doctor.naiveAt.length - doctor.rightful;

/** The doctor to whom the naive service sent the most that it shouldn't have. */
function worstTreated({ workload, expected, emails }: Run): TreatedDoctor {
  const timesFor = (sent: readonly AcceptedEmail[], to: string) =>
    sent.filter((email) => email.to === to).map(({ atMs }) => atMs);
  const [first] = [...new Set(expected.map(({ to }) => to))]
    .map((to) => ({
      to,
      naiveAt: timesFor(emails.naive, to),
      rightful: expected.filter((email) => email.to === to).length,
    }))
    .sort((one, other) => surplus(other) - surplus(one));
  if (first === undefined) throw new RangeError("no doctor in the workload");
  const { to, naiveAt } = first;
  const oursAt = timesFor(emails.ours, to);
  const eventsAt = expected.flatMap((email, index) =>
    email.to === to ? [scaledMs((workload[index]?.atMs ?? 0) / 1_000)] : [],
  );
  return {
    about:
      `The doctor whom the naive service treated worst: ${counted(eventsAt.length, "event")}, ` +
      `${counted(naiveAt.length, "email")} from the naive service, ${oursAt.length} from ours. ` +
      "Ours sends later at first: it takes messages once it knows the users.",
    deliveries: { eventsAt, naiveAt, oursAt },
  };
}
