import { FOREIGN_SQS_VERSIONS, startForeignSqs } from "../../../scripts/foreign-sqs.mjs";
import { startEmulator } from "./emulator.js";
import { sqsServer, type SqsServer } from "./server.js";

/** Emulators that aren't written in JavaScript, too, so that no figure hangs on one emulator's habits. */
export type EmulatorName = "fauxqs" | keyof typeof FOREIGN_SQS_VERSIONS;

/** A new emulator of its own. @throws with what to install when it can't be had on this machine */
export async function startSqs(name: EmulatorName): Promise<SqsServer> {
  if (name === "fauxqs") return startEmulator();
  const { endpoint, stop } = await startForeignSqs(name);
  return sqsServer(endpoint, stop);
}

export function isEmulatorName(name: string): name is EmulatorName {
  return name === "fauxqs" || name in FOREIGN_SQS_VERSIONS;
}

/** What a case's name ends with; of the usual one, whose version stands above all figures, nothing. */
export function emulatorSuffix(name: EmulatorName): string {
  return name === "fauxqs" ? "" : `, ${name} ${FOREIGN_SQS_VERSIONS[name]}`;
}
