import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { QueueMessage } from "@exactly-once/core/ports";

import type { DisplacedAttribute } from "./dead-letter-note.js";
import { nativeOf } from "../wire/message.js";

/** SQS takes ten attributes a message. */
const ATTRIBUTE_LIMIT = 10;

export interface Displacement {
  /** Names of the message's attributes that keep their place. */
  readonly kept: ReadonlySet<string>;
  readonly displaced: Readonly<Record<string, DisplacedAttribute>>;
}

/** Makes room for one more attribute: the last by name give way, as many as have to. */
export function displaceFor(name: string, message: QueueMessage): Displacement {
  const attributes = Object.entries(nativeOf(message).messageAttributes)
    .filter(([other]) => other !== name)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    kept: new Set(attributes.slice(0, ATTRIBUTE_LIMIT - 1).map(([kept]) => kept)),
    displaced: Object.fromEntries(
      attributes.slice(ATTRIBUTE_LIMIT - 1).map(([other, value]) => [other, toText(value)]),
    ),
  };
}

/** The attributes that gave way, as they were. */
export function restoreDisplaced(
  displaced: Readonly<Record<string, DisplacedAttribute>>,
): Readonly<Record<string, MessageAttributeValue>> {
  return Object.fromEntries(
    Object.entries(displaced).map(([name, { type, value }]) => [
      name,
      type.startsWith("Binary")
        ? { DataType: type, BinaryValue: Buffer.from(value, "base64") }
        : { DataType: type, StringValue: value },
    ]),
  );
}

function toText({ DataType, StringValue, BinaryValue }: MessageAttributeValue): DisplacedAttribute {
  const value = StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64");
  return { type: DataType ?? "String", value };
}
