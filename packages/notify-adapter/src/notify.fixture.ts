import { formatAttemptId, type Attempt } from "@exactly-once/core/ports";
import { createVirtualClock } from "@exactly-once/core/testing";
import type { NotifyEmail } from "./sender/notification.js";
import { notifyEmailSender } from "./sender/notify-sender.js";
import type { NotifyOptions } from "./sender/options.js";
import { createLocalNotify, type LocalNotifyOptions } from "./testing/index.js";

export const local = { allowHttp: true, allowPrivateAddresses: true };

export const email: NotifyEmail = {
  to: "doctor@example.org",
  templateId: "f33517ff-2a88-4f6e-b855-c550268ce08a",
  personalisation: { subject: "Form R received", body: "Dear Dr O’Neill," },
};

export const keyDigest = "0123456789abcdef0123456789abcdef";

/** A granted attempt with half a minute left, unless told otherwise. */
export function attemptOf(
  changes: Partial<Attempt> & { readonly attemptNumber?: number } = {},
): Attempt {
  const { attemptNumber = 1, ...rest } = changes;
  const ref = { key: keyDigest, effect: "email", owner: "owner", fence: 1, attemptNumber };
  return {
    ...{ id: formatAttemptId(ref), effectId: `${keyDigest}-email`, effect: "email" },
    ...{ namespace: "forms", pipeline: "form-updated" },
    deadline: Date.now() + 30_000,
    remainingMs: () => 30_000,
    signal: new AbortController().signal,
    ...rest,
  };
}

/** A sender before a local Notify, both by one clock that the test moves. */
export const notifyFixture =
  (onTestFinished: (clean: () => Promise<void> | void) => void) =>
  async (options: Partial<NotifyOptions> = {}, localOptions: LocalNotifyOptions = {}) => {
    const clock = createVirtualClock();
    const notify = await createLocalNotify({ now: () => clock.now(), ...localOptions });
    onTestFinished(() => notify.close());
    const { apiKey, endpoint } = notify;
    const sender = notifyEmailSender({ ...local, clock, apiKey, baseUrl: endpoint, ...options });
    const send = async (attempt = attemptOf(), payload = email) =>
      sender.send(await sender.prepare(payload), attempt);
    return { clock, notify, sender, send };
  };
