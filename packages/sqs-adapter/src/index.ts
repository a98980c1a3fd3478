export { queueBacklog, type QueueBacklog, type QueueBacklogOptions } from "./backlog.js";
export {
  NOTE_ATTRIBUTE,
  readNote,
  type DeadLetterNote,
  type DisplacedAttribute,
} from "./dead-letter-note.js";
export {
  findDeadLetterQueueUrl,
  type FindDeadLetterQueueOptions,
} from "./dead-letter-queue-url.js";
export { inspectQueue, type Finding, type InspectQueueOptions } from "./doctor.js";
export {
  fromLambdaRecord,
  lambdaBatchResponse,
  type LambdaBatchResponse,
  type LambdaSqsAttribute,
  type LambdaSqsRecord,
} from "./lambda.js";
export {
  createLambdaHandler,
  type LambdaContext,
  type LambdaHandler,
  type LambdaHandlerOptions,
} from "./lambda-handler.js";
export { sqsQueue, type SqsQueueOptions } from "./queue.js";
export { tunedSqsClient, type TunedSqsClientConfig, type TunedTimeouts } from "./tuned-client.js";
export {
  readDeadLetters,
  redriveMessage,
  returnDeadLetters,
  type DeadLetter,
  type DeadLetterQueueOptions,
  type ReadDeadLettersOptions,
  type RedriveOptions,
  type RedriveReply,
} from "./redrive.js";
