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
    page: "testing-your-handler",
    title: "Testing your handler",
    about: "redeliveries, crashes, refusals and an operator's verdict, in virtual time",
  },
] as const;
