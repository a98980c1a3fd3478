export { BrandedError, brand, brandOf, hasBrand } from "./branded-error.js";
export { ConfigurationError, isConfigurationError } from "./configuration-error.js";
export { InvalidKeyError, isInvalidKeyError } from "./invalid-key-error.js";
export { NotSentError, isNotSentError } from "./not-sent-error.js";
export { PermanentError, isPermanentError } from "./permanent-error.js";
export { StoreUnavailableError, isStoreUnavailableError } from "./store-unavailable-error.js";
export { UnsettledEffectError, isUnsettledEffectError } from "./unsettled-effect-error.js";
