export { queueBacklog, type QueueBacklog, type QueueBacklogOptions } from "./queue/backlog.js";
export {
  NOTE_ATTRIBUTE,
  readNote,
  type DeadLetterNote,
  type DisplacedAttribute,
} from "./dead-letters/dead-letter-note.js";
export {
  findDeadLetterQueueUrl,
  type FindDeadLetterQueueOptions,
} from "./dead-letters/dead-letter-queue-url.js";
export { inspectQueue, type Finding, type InspectQueueOptions } from "./doctor/doctor.js";
export {
  fromLambdaRecord,
  lambdaBatchResponse,
  type LambdaBatchResponse,
  type LambdaSqsAttribute,
  type LambdaSqsRecord,
} from "./lambda/lambda.js";
export {
  createLambdaHandler,
  type LambdaContext,
  type LambdaHandler,
  type LambdaHandlerOptions,
} from "./lambda/lambda-handler.js";
export { sqsQueue, type SqsQueueOptions } from "./queue/queue.js";
export {
  tunedSqsClient,
  type TunedSqsClientConfig,
  type TunedTimeouts,
} from "./client/tuned-client.js";
export {
  readDeadLetters,
  redriveMessage,
  returnDeadLetters,
  type DeadLetter,
  type DeadLetterQueueOptions,
  type ReadDeadLettersOptions,
  type RedriveOptions,
  type RedriveReply,
} from "./dead-letters/redrive.js";
