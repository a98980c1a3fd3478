export {
  requestMaker,
  type Exchange,
  type RequestLimits,
  type RequestMaker,
  type RequestSettings,
  type RequestToMake,
} from "./one-request.js";
export type { ResolveName, TlsSettings } from "./connect.js";
export { isPrivateAddress } from "./private-addresses.js";
