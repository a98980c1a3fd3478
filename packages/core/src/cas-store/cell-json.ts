import { StoreUnavailableError } from "../errors.js";
import type { CasCell } from "./cas-port.js";

/** Of the cells that aren't records. */
const FORMAT = 1;

/** The value of a cell that isn't a record. */
export function cellJson(content: object): string {
  return JSON.stringify({ format: FORMAT, ...content });
}

/**
 * What such a cell holds. One that this release can't read stops what depends on it, as an outage would:
 * a pause that can't be read may be one.
 */
export function cellContent<Content extends object>(
  name: string,
  cell: CasCell | undefined,
): Content | undefined {
  if (cell === undefined) return undefined;
  try {
    const content = JSON.parse(cell.value) as { readonly format?: unknown } & Content;
    if (content.format === FORMAT) return content;
  } catch {
    // Said below.
  }
  throw new StoreUnavailableError(
    `What stands in the cell ${name} can't be read: finish the deployment of the release that wrote it, ` +
      "or mend it.",
  );
}
