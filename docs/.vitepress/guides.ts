/** The guides in the order in which a newcomer needs them. */
export const guides = [
  {
    page: "quick-start",
    title: "Quick start",
    about: "from an empty folder to a sent mail, on local emulators, then on AWS",
  },
  {
    page: "choosing-a-key",
    title: "Choosing a key",
    about: "what makes two messages the same notification, and how to test it",
  },
  {
    page: "choosing-a-store",
    title: "Choosing a store",
    about: "what a store may forget, and which Redis to take on AWS",
  },
  {
    page: "held-blocked-dead-lettered",
    title: "Held, blocked, dead-lettered",
    about: "what each means, why it happens, and how to say that it was meant",
  },
  {
    page: "testing-your-handler",
    title: "Testing your handler",
    about: "redeliveries, crashes, refusals and an operator's verdict, in virtual time",
  },
  {
    page: "your-own-sender",
    title: "Your own sender",
    about: "anything that a provider does once asked, and the suite that holds it to the truth",
  },
  {
    page: "the-user-cache",
    title: "The user cache",
    about: "a directory that can only be walked whole, never on a message's way",
  },
  {
    page: "ses-events",
    title: "SES events",
    about: "how what is unknown settles by itself",
  },
  {
    page: "lambda",
    title: "Lambda",
    about: "the event source mapping, bundling, a VPC, the cache there",
  },
  {
    page: "telemetry-and-health",
    title: "Telemetry and health",
    about: "logs, metrics, what to ring for, a health endpoint",
  },
  {
    page: "operating",
    title: "Operating",
    about: "pausing, verdicts, dead letters, deployments, backups, moving, erasing",
  },
  {
    page: "permissions",
    title: "Permissions",
    about: "IAM policies for service, operator and doctor, and the smallest Redis user",
  },
  {
    page: "nestjs",
    title: "NestJS",
    about: "a consumer as a provider, with a start and a stop",
  },
  {
    page: "moving-over",
    title: "Moving over",
    about: "from sqs-consumer, Powertools or Spring, on a queue with messages in it",
  },
  {
    page: "scale-and-cost",
    title: "Scale and cost",
    about: "what gets scarce first, and what it costs, by measured figures",
  },
  {
    page: "failures",
    title: "What happens when something fails",
    about: "a diagram for each failure",
  },
  {
    page: "the-incident",
    title: "The incident",
    about: "its causes and lessons, what stands against each, and others' incidents",
  },
  {
    page: "options",
    title: "Options",
    about: "all of them, with their defaults",
  },
] as const;
