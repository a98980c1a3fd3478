import type { EChartsOption } from "echarts";
import { BarChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { AuditReport } from "./audit-mails.js";
import type { Burst } from "./find-bursts.js";

const WIDTH = 960;
const HEIGHT = 790;
const COLOURS = { rightly: "#4477aa", definitely: "#cc3311", perhaps: "#ee9977" } as const;
/** More copies than this share the last bar. */
const MOST_BARS = 12;

// Only these parts are built into the tool.
use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** A picture of the report, as SVG: recipients by copies, and emails over time. */
export function auditChart(report: AuditReport): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(optionsFor(report));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function optionsFor(report: AuditReport): EChartsOption {
  const copies = copyBars(report);
  const { timeline } = report;
  const repeatedName = report.exact ? "repeated" : "repeated, at most";
  const repeatedColour = report.exact ? COLOURS.definitely : COLOURS.perhaps;
  const legend = { right: 30, itemGap: 24 };
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif" },
    title: [
      title("Recipients by copies of one email", subtitle(report), 14),
      title("Emails over time (UTC)", "first copies, and on top of them the repeated ones", 424),
    ],
    legend: [
      { ...legend, top: 20, data: report.exact ? [] : copies.series.map(({ name }) => name) },
      { ...legend, top: 430, data: ["first copies", repeatedName] },
    ],
    grid: [
      { left: 70, right: 30, top: 104, height: 250 },
      { left: 70, right: 30, top: 524, height: 210 },
    ],
    xAxis: [
      {
        type: "category",
        gridIndex: 0,
        data: copies.labels,
        name: "copies",
        nameLocation: "middle",
        nameGap: 30,
      },
      {
        type: "category",
        gridIndex: 1,
        data: timeline.map(({ at }) => timeLabel(at, report)),
        axisLabel: { hideOverlap: true },
      },
    ],
    yAxis: [
      { type: "value", gridIndex: 0, name: "recipients", minInterval: 1 },
      { type: "value", gridIndex: 1, name: "emails", minInterval: 1 },
    ],
    series: [
      ...copies.series.map(({ name, colour, data }) => ({
        ...{ type: "bar" as const, name, data, xAxisIndex: 0, yAxisIndex: 0, barMaxWidth: 46 },
        itemStyle: { color: colour },
        label: { show: true, position: "top" as const, formatter: showUnlessZero },
      })),
      timeBars(
        "first copies",
        COLOURS.rightly,
        timeline.map(({ first }) => first),
      ),
      timeBars(
        repeatedName,
        repeatedColour,
        timeline.map(({ repeated }) => repeated),
      ),
    ],
  };
}

function title(text: string, subtext: string, top: number) {
  const subtextStyle = { fontSize: 12, color: "#555555" };
  return { text, subtext, left: 30, top, textStyle: { fontSize: 17 }, subtextStyle };
}

function subtitle({ same, exact, recipients, emails }: AuditReport): string {
  const { definitely, atMost } = same;
  const two = exact
    ? `${definitely.recipients2}`
    : `definitely ${definitely.recipients2}, at most ${atMost.recipients2}`;
  return `${emails} emails to ${recipients} recipients; with two copies or more: ${two}`;
}

function copyBars(report: AuditReport) {
  const definitely = histogram(report.bursts, ({ definitely: count }) => count);
  const atMost = histogram(report.bursts, ({ atMost: count }) => count);
  const most = Math.min(MOST_BARS, Math.max(3, report.same.atMost.most));
  const counts = Array.from({ length: most - 1 }, (_, at) => at + 2);
  const bar = (of: ReadonlyMap<number, number>) => (count: number) =>
    count < most
      ? (of.get(count) ?? 0)
      : [...of].reduce((sum, [copies, number]) => sum + (copies >= most ? number : 0), 0);
  const labels = counts.map((count) =>
    count === most && report.same.atMost.most > most ? `${count}+` : String(count),
  );
  const exact = {
    name: "recipients",
    colour: COLOURS.definitely,
    data: counts.map(bar(definitely)),
  };
  const bounds = [
    { ...exact, name: "definitely" },
    { name: "at most", colour: COLOURS.perhaps, data: counts.map(bar(atMost)) },
  ];
  return { labels, series: report.exact ? [exact] : bounds };
}

/** Recipients by the copies of their worst burst. */
function histogram(bursts: readonly Burst[], copies: (burst: Burst) => number) {
  const worst = new Map<string, number>();
  for (const burst of bursts) {
    worst.set(burst.recipient, Math.max(worst.get(burst.recipient) ?? 0, copies(burst)));
  }
  const bars = new Map<number, number>();
  for (const count of worst.values()) bars.set(count, (bars.get(count) ?? 0) + 1);
  return bars;
}

function timeBars(name: string, color: string, data: number[]) {
  return {
    ...{ type: "bar" as const, name, data, xAxisIndex: 1, yAxisIndex: 1, stack: "time" },
    ...{ itemStyle: { color }, barCategoryGap: "15%" },
  };
}

const showUnlessZero = ({ value }: { value?: unknown }) =>
  typeof value === "number" && value > 0 ? String(value) : "";

function timeLabel(at: number, { firstAt = 0, lastAt = 0 }: AuditReport): string {
  const text = new Date(at).toISOString();
  if (lastAt - firstAt < 3_600_000) return text.slice(11, 19);
  return lastAt - firstAt < 36 * 3_600_000
    ? text.slice(11, 16)
    : text.slice(5, 16).replace("T", " ");
}
