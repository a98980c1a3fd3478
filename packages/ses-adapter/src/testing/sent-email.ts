import type { Email } from "postal-mime";
import type { MessageHeader } from "./message-headers.js";
import type { SesApiVersion } from "./api-version.js";

/** One email that the local SES accepted, with everything the caller said about it. */
export interface SentEmail {
  /** 1 for the first accepted email; rises by one; survives `clear`. */
  readonly sequence: number;
  readonly messageId: string;
  /** By the server's clock, in milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly api: SesApiVersion;
  readonly action: string;
  readonly source: string;
  /** Envelope recipients in order. */
  readonly destinations: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly configurationSet: string | undefined;
  /** The header section as submitted, in order, unfolded. */
  readonly headers: readonly MessageHeader[];
  /** The message as submitted (or, for `SendEmail`, as composed). */
  readonly raw: Uint8Array;
  /** `raw` as postal-mime parsed it. */
  readonly mime: Email;
  /** Region of the caller's signature. */
  readonly region: string;
  readonly sourceIp: string;
}

/** The values of a header of a sent email, by case-insensitive name, in order. */
export { headerValues } from "./message-headers.js";
