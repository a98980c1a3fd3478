export { sqsQueue, type SqsQueueOptions } from "./queue.js";
export { NOTE_ATTRIBUTE, readNote, type DeadLetterNote } from "./dead-letter-note.js";
