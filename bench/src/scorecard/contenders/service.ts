import type { SESClient } from "@aws-sdk/client-ses";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { FormUpdated } from "../events.js";

/** What every contender's service has at hand. */
export interface Service {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** Where the queue's redrive policy leads. */
  readonly deadLetterUrl: string;
  readonly maxReceives: number;
  readonly fifo: boolean;
  /** Seconds for which a received message is hidden from others. */
  readonly visibilitySeconds: number;
  readonly redisUrl: string;
  /** A queue that the events of SES's configuration set come to. */
  readonly sesEventsUrl: string;
  /** An SES client with its defaults. */
  readonly ses: SESClient;
  /** Ours asks for one that doesn't send again by itself. */
  readonly safeSes: () => SESClient;
  /** What the handler does before it sends: slow for some, failing for some. */
  lookUpDoctor(event: FormUpdated, signal?: AbortSignal): Promise<{ readonly email: string }>;
}

export type ServiceContender = (service: Service) => Promise<void>;

export const CONFIGURATION_SET = "scorecard";
export const FROM = "forms@example.org";

export function emailText(event: FormUpdated): { readonly subject: string; readonly text: string } {
  return { subject: `Form ${event.id} was received`, text: `We have your form ${event.id}.` };
}
