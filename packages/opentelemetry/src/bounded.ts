/** Values that an attribute of a metric has at most: beyond, a backend keeps too many series. */
const MOST = 100;
const OTHER = "other";
/** Words and codes; a text could be about somebody. */
const WORD = /^[\w.:-]{1,80}$/;

/** Takes values for an attribute, the first hundred different ones as they are. */
export function bounded(): (value: string | undefined) => string {
  const known = new Set<string>();
  return (value) => {
    if (value === undefined) return "none";
    if (known.has(value)) return value;
    if (known.size >= MOST || !WORD.test(value)) return OTHER;
    known.add(value);
    return value;
  };
}

/** An effect's name without the part that a fan-out gives it, of which there is one a recipient. */
export function effectName(slot: string): string {
  const dash = slot.indexOf("-");
  return dash === -1 ? slot : slot.slice(0, dash);
}
