import { CHART_COLOURS } from "./charts.js";

/** A chart as a file of its own, on light or dark ground as its reader prefers. */
export function standaloneSvg(svg: string, label: string): string {
  const style =
    `<style>:root{${CHART_COLOURS.light};--ground:#ffffff}` +
    `@media (prefers-color-scheme:dark){:root{${CHART_COLOURS.dark};--ground:#12181f}}</style>`;
  const ground = '<rect width="100%" height="100%" fill="var(--ground)"/>';
  return svg
    .replace("<svg ", `<svg role="img" aria-label="${label}" `)
    .replace(/(<svg [^>]*>)/, `$1${style}${ground}`);
}
