import { type KeyPart, notificationKey } from "@exactly-once/core";
import { z } from "zod";

/** How an event's handler behaves; most are plain. */
export const EVENT_KINDS = [
  "plain",
  "plain",
  "plain",
  "plain",
  "again",
  "fanOut",
  "slow",
  "defer",
  "swallow",
  "unawaited",
  "skip",
  "waive",
  "sameContent",
  "conflict",
  "poison",
  "invalid",
  "hopeless",
] as const;

/** Of services that are set up otherwise: mostly mistakes of handlers. */
export const ODD_SERVICE_KINDS = [
  "keyless",
  "stranger",
  "permanent",
  "silent",
  "twice",
  "throws",
] as const;

/** `other`: an event of the second pipeline. */
export type EventKind = (typeof EVENT_KINDS)[number] | (typeof ODD_SERVICE_KINDS)[number] | "other";

export const formEvent = z.object({
  doctor: z.string().min(1),
  form: z.string().min(1),
  kind: z.string(),
  text: z.string(),
});

export type FormEvent = z.infer<typeof formEvent>;

export const NAMESPACE = "simulated";
export const PIPELINE = "form-updated";
export const OTHER_PIPELINE = "reminder";

export function keyParts(event: FormEvent): readonly KeyPart[] {
  return [event.doctor, event.kind === "keyless" ? "" : event.form];
}

export function pipelineOf(decoded: unknown): string {
  const { kind } = Object(decoded) as { readonly kind?: unknown };
  return kind === "other" ? OTHER_PIPELINE : PIPELINE;
}

/** What no pipeline takes. */
export function isStranger(decoded: unknown): boolean {
  return (decoded as { readonly kind?: unknown } | null)?.kind === "stranger";
}

/** Whether the service never gets as far as a key. */
export function isKeyless(kind: string): boolean {
  return ["poison", "invalid", "keyless", "stranger"].includes(kind);
}

/** Whether an event must end in the dead-letter queue, whatever was sent for it. */
export function isDoomed(kind: string): boolean {
  return isKeyless(kind) || ["hopeless", "permanent", "silent", "twice"].includes(kind);
}

export function keyOf(event: FormEvent): string {
  return notificationKey(NAMESPACE, pipelineOf(event), keyParts(event)).digest;
}

/** The effect slots whose mails an event owes in the end. */
export function owedEffects(kind: string): readonly string[] {
  switch (kind) {
    case "fanOut":
      return ["email-doctor", "email-office"];
    case "skip":
    case "poison":
    case "invalid":
    case "hopeless":
    case "conflict":
    case "keyless":
    case "stranger":
    case "permanent":
    case "silent":
    case "twice":
      return [];
    case "waive":
      return ["email-doctor"];
    default:
      return ["email"];
  }
}
