/** The fields of one AWS Query request, as flat dotted names, with readers for its lists. */
export interface QueryParameters {
  readonly action: string | undefined;
  text(name: string): string | undefined;
  /** Members of `name.member.1`, `name.member.2`, … in numeric order. */
  list(name: string): readonly string[];
  /** Structures of `name.member.N.Field`, in numeric order. */
  structures(name: string): readonly Readonly<Record<string, string>>[];
}

const byPosition = (a: readonly [number, ...unknown[]], b: readonly [number, ...unknown[]]) =>
  a[0] - b[0];

/** Reads a form-encoded body of the AWS Query protocol. Never throws: absent fields are undefined. */
export const parseQuery = (body: string): QueryParameters => {
  const fields = new URLSearchParams(body);

  const members = (name: string): [number, string, string][] => {
    const prefix = `${name}.member.`;
    const found: [number, string, string][] = [];
    for (const [key, value] of fields) {
      if (!key.startsWith(prefix)) continue;
      const [position = "", field = ""] = key.slice(prefix.length).split(".", 2);
      if (/^\d+$/.test(position)) found.push([Number(position), field, value]);
    }
    return found.sort(byPosition);
  };

  return {
    action: fields.get("Action") ?? undefined,
    text: (name) => fields.get(name) ?? undefined,
    list: (name) => members(name).map(([, , value]) => value),
    structures: (name) => {
      const byMember = new Map<number, Record<string, string>>();
      for (const [position, field, value] of members(name)) {
        const structure = byMember.get(position) ?? {};
        structure[field] = value;
        byMember.set(position, structure);
      }
      return [...byMember.values()];
    },
  };
};
