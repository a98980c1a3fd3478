/**
 * OpenTelemetry for consumers and Lambda handlers.
 *
 * @packageDocumentation
 */
export { SEMANTIC_CONVENTIONS_VERSION } from "./semantic-conventions.js";
export { openTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry.js";
