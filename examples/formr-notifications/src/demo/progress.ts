import cliProgress from "cli-progress";
import type { Progress } from "./replay.js";

/** Tells how far a replay has come. */
export interface ProgressDisplay {
  update(progress: Progress): void;
  stop(): void;
}

const PLAIN_EVERY_MS = 10_000;

/** A bar on a terminal, a line now and then elsewhere. */
export function showProgress(
  title: string,
  total: number,
  stream: NodeJS.WriteStream,
): ProgressDisplay {
  return stream.isTTY ? bar(title, total, stream) : lines(title, total, stream);
}

function bar(title: string, total: number, stream: NodeJS.WriteStream): ProgressDisplay {
  const single = new cliProgress.SingleBar({
    format: "  {title} {bar} {value}/{total} events  {emails} emails  {duration} s",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 20,
    hideCursor: true,
    stream,
  });
  single.start(total, 0, { title: title.padEnd(5), emails: 0 });
  return {
    update: ({ published, emails }) => single.update(published, { emails }),
    stop: () => single.stop(),
  };
}

function lines(title: string, total: number, stream: NodeJS.WriteStream): ProgressDisplay {
  let nextAt = 0;
  return {
    update({ published, emails, finished }) {
      if (!finished && Date.now() < nextAt) return;
      nextAt = Date.now() + PLAIN_EVERY_MS;
      stream.write(`  ${title}: ${published}/${total} events published, emails sent: ${emails}\n`);
    },
    stop: () => undefined,
  };
}
