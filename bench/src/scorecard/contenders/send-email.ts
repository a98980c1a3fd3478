import { SendEmailCommand } from "@aws-sdk/client-ses";
import type { FormUpdated } from "../events.js";
import { emailText, FROM, type Service } from "./service.js";

/** The handler that every peer wraps: as one would write it with the SDK alone. */
export async function notifyDoctor(service: Service, event: FormUpdated): Promise<void> {
  const doctor = await service.lookUpDoctor(event);
  const { subject, text } = emailText(event);
  await service.ses.send(
    new SendEmailCommand({
      Source: FROM,
      Destination: { ToAddresses: [doctor.email] },
      Message: { Subject: { Data: subject }, Body: { Text: { Data: text } } },
    }),
  );
}
