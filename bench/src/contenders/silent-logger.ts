/** A logger in pino's shape that says nothing. */
export const silentLogger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  silent: () => undefined,
  level: "silent",
  msgPrefix: undefined,
  isLevelEnabled: () => false,
  child: () => silentLogger,
};
