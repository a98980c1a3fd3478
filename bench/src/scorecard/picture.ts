import { HeatmapChart } from "echarts/charts";
import { GridComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { wentWrong, type ScoreRow } from "./report.js";

use([HeatmapChart, GridComponent, SVGRenderer, VisualMapComponent]);

/** One drawing for light and dark pages: whoever shows it, it brings the colours along. */
const COLOURS = {
  light:
    "--ink:#1d2733;--faint:#5a6675;--good:#ccfbf1;--good-ink:#115e59;--bad:#fed7aa;--bad-ink:#9a3412;--worse:#c2410c;--worse-ink:#ffffff;--ground:#ffffff",
  dark: "--ink:#e6eaef;--faint:#a3afbd;--good:#134e4a;--good-ink:#99f6e4;--bad:#7c2d12;--bad-ink:#fed7aa;--worse:#fb923c;--worse-ink:#1d1006;--ground:#12181f",
} as const;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** Narrow enough for a phone to show it without shrinking the letters to nothing. */
const WIDTH = 484;
const LABELS = 122;
const HEAD = 76;
const ROW = 38;

/** From this share of the events on, a cell is painted in the strong colour. */
const MANY = 0.05;

/**
 * For each fault and contender, the events that went wrong, and below them those that wait for a
 * human; as a picture that stands alone.
 */
export function drawScorecard(rows: readonly ScoreRow[]): string {
  const faults = [...new Set(rows.map(({ fault }) => fault))];
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const height = HEAD + faults.length * ROW + 8;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  const text = { fontFamily: FONT, fontSize: 12, color: "var(--ink)" };
  const axis = { axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false } };
  chart.setOption({
    animation: false,
    grid: { left: LABELS, right: 4, top: HEAD, bottom: 8 },
    xAxis: {
      ...axis,
      type: "category",
      position: "top",
      data: contenders,
      axisLabel: { ...text, fontSize: 11, interval: 0, margin: 8, formatter: wrapContender },
    },
    yAxis: {
      ...axis,
      type: "category",
      inverse: true,
      data: faults,
      axisLabel: { ...text, interval: 0, margin: 8, formatter: wrapFault },
    },
    // A heatmap wants one; the cells bring their own colours.
    visualMap: { show: false, min: 0, max: 1, inRange: { opacity: [1, 1] } },
    series: [
      {
        type: "heatmap",
        data: rows.map((row) => cellOf(row, faults, contenders)),
        label: { show: true, fontFamily: FONT },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return standingAlone(svg, describe(rows));
}

function cellOf(row: ScoreRow, faults: readonly string[], contenders: readonly string[]) {
  const wrong = wentWrong(row);
  const tone = wrong === 0 ? "good" : wrong < row.events * MANY ? "bad" : "worse";
  const color = `var(--${tone}-ink)`;
  return {
    value: [contenders.indexOf(row.contender), faults.indexOf(row.fault), wrong],
    itemStyle: { color: `var(--${tone})`, borderColor: "var(--ground)", borderWidth: 2 },
    label: {
      formatter: row.held > 0 ? `{wrong|${wrong}}\n{held|${row.held} held}` : `{wrong|${wrong}}`,
      rich: {
        wrong: { color, fontSize: 14, fontWeight: "bold", fontFamily: FONT },
        held: { color, fontSize: 10, lineHeight: 13, fontFamily: FONT },
      },
    },
  };
}

/** `sqs-consumer + Powertools` under each other, since a column is narrow. */
function wrapContender(name: string): string {
  return name
    .replace("message-queue-toolkit", "message-\nqueue-\ntoolkit")
    .replace("sqs-consumer", "sqs-\nconsumer")
    .replace(" + Powertools", "\n+ Power-\ntools")
    .replace(", ", ",\n")
    .replace("no SES events", "no SES\nevents");
}

function wrapFault(name: string): string {
  const words = name.split(" ");
  const lines = [""];
  for (const word of words) {
    const last = lines[lines.length - 1] ?? "";
    if (last.length > 0 && last.length + word.length > 16) lines.push(word);
    else lines[lines.length - 1] = last.length > 0 ? `${last} ${word}` : word;
  }
  return lines.join("\n");
}

function describe(rows: readonly ScoreRow[]): string {
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const wrong = contenders.map((name) => {
    const own = rows.filter(({ contender }) => contender === name);
    return `${name} ${own.reduce((sum, row) => sum + wentWrong(row), 0)}`;
  });
  return `Events that went wrong under each fault; in all: ${wrong.join(", ")}`;
}

function standingAlone(svg: string, label: string): string {
  const style =
    `<style>:root{${COLOURS.light}}` +
    `@media (prefers-color-scheme:dark){:root{${COLOURS.dark}}}</style>`;
  const ground = '<rect width="100%" height="100%" fill="var(--ground)"/>';
  return `${svg
    // There is nothing to point at; and classes count up, where the same figures give the same file.
    .replace(/ class="zr\d+-cls-\d+"/g, "")
    .replace(/ ecmeta_\w+="[^"]*"/g, "")
    .replace(/<style ><!\[CDATA\[[^]*?<\/style>\n?/g, "")
    .replace("<svg ", `<svg role="img" aria-label="${label}" `)
    .replace(/(<svg [^>]*>)/, `$1${style}${ground}`)}\n`;
}
