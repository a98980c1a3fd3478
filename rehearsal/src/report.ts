import type { Tried } from "./rehearse.js";

export interface Report {
  readonly tried: readonly Tried[];
  /** What was installed, a line each. */
  readonly facts: readonly string[];
}

/** A table of Markdown: a row for each way of use, a column for each set of packages and Node. */
export function table(tried: readonly Tried[]): string {
  const columnOf = ({ place, node }: Tried) => `${place}, Node ${node}`;
  const columns = [...new Set(tried.map(columnOf))];
  const rows = [...new Set(tried.map(({ cell }) => cell))].map((cell) => {
    const marks = columns.map((column) => {
      const found = tried.find((item) => item.cell === cell && columnOf(item) === column);
      if (found === undefined) return "";
      return found.ok ? "ok" : "**no**";
    });
    return [cell, ...marks];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [["used in", ...columns], ["---", ...columns.map(() => ":-:")], ...rows]
    .map(line)
    .join("\n");
}

/** The committed page. */
export function page({ tried, facts }: Report, date: string): string {
  return `# Rehearsal

Written by \`pnpm rehearse --all\` on ${date}; don't edit it. Every package was published to a registry of
its own on this machine and installed from there beside what npm's own registry has. In each row a small
service and its tests ran: FIFO queue, email, memory and Redis stores, user cache, \`testPipeline\`; behind
Lambda, a bundle in a folder that has nothing but the runtime's SDK. \`newest\` is the newest of every
library, \`lowest\` the lowest version that each peer's range names. Empty: not tried.

${facts.map((fact) => `- ${fact}`).join("\n")}

${table(tried)}
`;
}
