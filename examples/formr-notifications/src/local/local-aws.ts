/** What local services take from any client. */
export const LOCAL_AWS = {
  region: "eu-west-2",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  maxAttempts: 1,
} as const;
