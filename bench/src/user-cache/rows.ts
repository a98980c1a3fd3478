import { summarize, type Row } from "../rows.js";

/** A row of this benchmark; the contender is ours unless it's named. */
export function row(
  name: { readonly case: string; readonly contender?: string },
  metric: string,
  unit: string,
  values: readonly number[],
): Row {
  return summarize({ suite: "user-cache", contender: "ours", ...name }, metric, unit, values);
}
