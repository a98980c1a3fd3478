import { SESClient, type SESClientConfig } from "@aws-sdk/client-ses";
import { createLocalSes, type LocalSes, type LocalSesOptions } from "./local-ses.js";

/** Starts servers and real clients that end with the test; takes the runner's own hook for it. */
export const sesFixture = (onTestFinished: (clean: () => Promise<void> | void) => void) => ({
  startSes: async (options: LocalSesOptions = {}): Promise<LocalSes> => {
    const ses = await createLocalSes(options);
    onTestFinished(() => ses.close());
    return ses;
  },
  /** Without retries of its own. */
  clientOf: (ses: LocalSes, config: Partial<SESClientConfig> = {}): SESClient => {
    const client = new SESClient({
      endpoint: ses.endpoint,
      region: "eu-west-2",
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
      maxAttempts: 1,
      ...config,
    });
    onTestFinished(() => client.destroy());
    return client;
  },
});

export const rawMessage = (lines: readonly string[]): { readonly Data: Buffer } => ({
  Data: Buffer.from(lines.join("\r\n")),
});

/** A plain letter for `SendRawEmail`. */
export const letter = (to = "doctor@example.org", subject = "Form received") =>
  rawMessage([
    "From: Forms <forms@example.com>",
    `To: ${to}`,
    `Subject: ${subject}`,
    "X-Attempt: k-email-n-1-1",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "Dear doctor,",
  ]);
