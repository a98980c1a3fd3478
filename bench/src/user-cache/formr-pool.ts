// The example is private and exports nothing; its local Cognito and its source are what is measured.
/* eslint-disable no-restricted-imports */
export {
  cognitoSource,
  type CognitoUser,
} from "../../../examples/formr-notifications/src/cognito/cognito-source.js";
export {
  TRAINEE_ATTRIBUTES,
  traineeAccount,
  traineeAccountCodec,
  traineeKeys,
  type TraineeAccount,
} from "../../../examples/formr-notifications/src/cognito/trainee-account.js";
export {
  createLocalCognito,
  type LocalCognito,
} from "../../../examples/formr-notifications/src/local/cognito.js";
export { localCognitoClient } from "../../../examples/formr-notifications/src/local/cognito-client.js";
export {
  createLocalPool,
  traineeIdOf,
} from "../../../examples/formr-notifications/src/local/cognito-pool.js";
