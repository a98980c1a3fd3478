import { pino, type DestinationStream, type Logger } from "pino";

export type { Logger };

/**
 * Structured logs, one JSON object a line. What is logged is chosen field by field; the redaction
 * is the second line of defence, for whoever logs a whole object one day.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: PERSONAL.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: "[redacted]",
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

const PERSONAL = [
  "to",
  "email",
  "address",
  "familyName",
  "givenName",
  "recipient",
  "recipients",
  "subject",
  "html",
  "text",
  "body",
  "formContentDto",
];
