import type { ApiName } from "../mailer/mailer.fixture.js";
import { httpAnswer } from "./faulty-server.fixture.js";

const namespace = "http://ses.amazonaws.com/doc/2010-12-01/";

/** SES's own answers, by API, as they stand on the wire. */
export const answersOf = {
  v1: {
    accepted: (messageId: string) =>
      `<SendRawEmailResponse xmlns="${namespace}"><SendRawEmailResult><MessageId>${messageId}</MessageId>` +
      `</SendRawEmailResult></SendRawEmailResponse>`,
    refused: (code: string, message = "m", status = "400 Bad Request") =>
      httpAnswer(
        status,
        `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code>` +
          `<Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
        { "content-type": "text/xml" },
      ),
    contentType: "text/xml",
  },
  v2: {
    accepted: (messageId: string) => JSON.stringify({ MessageId: messageId }),
    refused: (code: string, message = "m", status = "400 Bad Request") =>
      httpAnswer(status, JSON.stringify({ message }), {
        ...{ "content-type": "application/json", "x-amzn-requestid": "r" },
        "x-amzn-errortype": code,
      }),
    contentType: "application/json",
  },
} as const satisfies Record<ApiName, unknown>;
