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
  deleteDeadLetter,
  readDeadLetters,
  redriveMessage,
  returnDeadLetters,
  type DeadLetter,
  type DeadLetterQueueOptions,
  type ReadDeadLettersOptions,
  type RedriveOptions,
  type RedriveReply,
} from "./dead-letters/redrive.js";
export { judgeDeadLetters, type DeadLetterQueue } from "./doctor/dead-letter-rules.js";
export { judgeEventSourceMappings, type EventSourceMapping } from "./doctor/event-source-rules.js";
export {
  judgeEventDestinations,
  judgeEventsQueue,
  judgeSubscriptions,
  type EventDestination,
  type TopicSubscription,
} from "./doctor/events-route-rules.js";
export type { Finding, Mend, SoundFinding, WrongFinding } from "./doctor/finding.js";
export { inspectQueue, type InspectQueueOptions } from "./doctor/inspect-queue.js";
export { judgeQueue } from "./doctor/queue-rules.js";
export type { QueueReader, QueueUse, UserWalk } from "./doctor/queue-use.js";
export { readQueueFacts, type QueueAddress, type QueueFacts } from "./wire/queue-facts.js";
