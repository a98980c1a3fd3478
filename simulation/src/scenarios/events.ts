import { json, notificationKey, type Decoder, type KeyPart } from "@exactly-once/core";
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

export type EventKind = (typeof EVENT_KINDS)[number];

export const formEvent = z.object({
  doctor: z.string().min(1),
  form: z.string().min(1),
  kind: z.string(),
  text: z.string(),
});

export type FormEvent = z.infer<typeof formEvent>;

export const NAMESPACE = "simulated";
export const PIPELINE = "form-updated";

export const decode: Decoder = json();

export function keyParts(event: FormEvent): readonly KeyPart[] {
  return [event.doctor, event.form];
}

export function keyOf(event: FormEvent): string {
  return notificationKey(NAMESPACE, PIPELINE, keyParts(event)).digest;
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
      return [];
    case "waive":
      return ["email-doctor"];
    default:
      return ["email"];
  }
}
