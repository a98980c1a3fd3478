import { BarChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { AcceptedEmail } from "./counting.js";
import { realSeconds } from "./scale.js";

use([BarChart, ScatterChart, GridComponent, LegendComponent, SVGRenderer]);

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The colours of a chart are variables, so that one drawing suits light and dark pages. Whoever shows
 * the drawing defines them: see {@link CHART_COLOURS}.
 */
const colour = {
  ink: "var(--ink)",
  faint: "var(--faint)",
  line: "var(--line)",
  naive: "var(--naive)",
  ours: "var(--ours)",
} as const;

/** Values for the variables that the charts use, on light and on dark ground. */
export const CHART_COLOURS = {
  light: "--ink:#1d2733;--faint:#5a6675;--line:#d5dbe2;--naive:#c2410c;--ours:#0f766e",
  dark: "--ink:#e6eaef;--faint:#a3afbd;--line:#3a4552;--naive:#fb923c;--ours:#2dd4bf",
} as const;

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const text = { color: colour.ink, fontFamily: FONT, fontSize: 13 };
const quietText = { ...text, color: colour.faint };

function draw(option: EChartsCoreOption, size: ChartSize): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption({ animation: false, textStyle: text, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** How many doctors got so many emails, for both services. */
export function histogram(
  emails: { readonly naive: readonly AcceptedEmail[]; readonly ours: readonly AcceptedEmail[] },
  size: ChartSize,
): string {
  const naive = doctorsByEmails(emails.naive);
  const ours = doctorsByEmails(emails.ours);
  const most = Math.max(1, ...naive.keys(), ...ours.keys());
  const counts = Array.from({ length: most }, (_, index) => index + 1);
  const series = (name: string, doctors: ReadonlyMap<number, number>, fill: string) => ({
    type: "bar",
    name,
    itemStyle: { color: fill },
    barGap: "10%",
    barCategoryGap: "30%",
    label: {
      show: true,
      position: "top",
      distance: 3,
      ...text,
      fontSize: 12,
      formatter: ({ value }: { value: number }) => (value === 0 ? "" : String(value)),
    },
    data: counts.map((count) => doctors.get(count) ?? 0),
  });
  return draw(
    {
      legend: { top: 0, left: 0, itemGap: 20, itemWidth: 12, itemHeight: 12, textStyle: text },
      grid: { left: 34, right: 8, top: 44, bottom: 44 },
      xAxis: {
        type: "category",
        data: counts.map(String),
        name: "emails a doctor received",
        nameLocation: "middle",
        nameGap: 28,
        nameTextStyle: quietText,
        axisLabel: text,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: colour.line } },
      },
      yAxis: {
        type: "value",
        minInterval: 1,
        splitNumber: 4,
        axisLabel: quietText,
        splitLine: { lineStyle: { color: colour.line } },
      },
      series: [series("naive", naive, colour.naive), series("ours", ours, colour.ours)],
    },
    size,
  );
}

function doctorsByEmails(emails: readonly AcceptedEmail[]): ReadonlyMap<number, number> {
  const perDoctor = new Map<string, number>();
  for (const { to } of emails) perDoctor.set(to, (perDoctor.get(to) ?? 0) + 1);
  const doctors = new Map<number, number>();
  for (const count of perDoctor.values()) doctors.set(count, (doctors.get(count) ?? 0) + 1);
  return doctors;
}

/** What one doctor's timeline shows, in milliseconds of the replay. */
export interface Deliveries {
  readonly eventsAt: readonly number[];
  readonly naiveAt: readonly number[];
  readonly oursAt: readonly number[];
}

const ROWS = ["ours", "naive", "events"] as const;

/** When things happened to one doctor and when emails about them arrived. */
export function timeline({ eventsAt, naiveAt, oursAt }: Deliveries, size: ChartSize): string {
  const points = (row: (typeof ROWS)[number], atMs: readonly number[]) =>
    atMs.map((ms) => [realSeconds(ms) / 60, row]);
  const series = (
    row: (typeof ROWS)[number],
    symbol: string,
    fill: string,
    atMs: readonly number[],
  ) => ({
    type: "scatter",
    symbol,
    symbolSize: 14,
    itemStyle: { color: fill, opacity: 0.85 },
    data: points(row, atMs),
  });
  const last = Math.max(...[...eventsAt, ...naiveAt, ...oursAt].map(realSeconds)) / 60;
  return draw(
    {
      grid: { left: 58, right: 16, top: 8, bottom: 44 },
      xAxis: {
        type: "value",
        min: 0,
        max: Math.ceil(last + 0.25),
        minInterval: 1,
        name: "minutes, in real time",
        nameLocation: "middle",
        nameGap: 28,
        nameTextStyle: quietText,
        axisLabel: text,
        axisLine: { show: true, lineStyle: { color: colour.line } },
        splitLine: { lineStyle: { color: colour.line } },
      },
      yAxis: {
        type: "category",
        data: [...ROWS],
        axisLabel: text,
        axisTick: { show: false },
        axisLine: { show: false },
        splitLine: { show: true, lineStyle: { color: colour.line } },
      },
      series: [
        series("events", "diamond", colour.faint, eventsAt),
        series("naive", "circle", colour.naive, naiveAt),
        series("ours", "circle", colour.ours, oursAt),
      ],
    },
    size,
  );
}
