// Owns: the public names of this package.
export { Secret } from './secret.ts'
export { parseAuthorizerAppId, parseComponentAppId } from './ids.ts'
export type { AuthorizerAppId, ComponentAppId } from './ids.ts'
export { systemClock } from './clock.ts'
export type { Clock } from './clock.ts'
export { GatewayError, WeChatApiError, WeChatTransportError } from './errors.ts'
export type { ErrorCode, GatewayErrorOptions } from './errors.ts'

// xml
export type { XmlTree, XmlValue } from './xml/tree.ts'

// push
export type { AuthorizerMessage, ComponentEvent, OpenedPush, PushCredentials, PushKeys, PushQuery } from './push/types.ts'

// api
export type {
  AuthorizerApi,
  AuthorizerDetails,
  AuthorizerListPage,
  AuthorizerProfile,
  CallOptions,
  ComponentApi,
  FuncInfo,
  IssuedComponentToken,
  IssuedPreAuthCode,
  IssuedTicket,
  QueriedAuthorization,
  RefreshedAuthorizerToken,
} from './api/types.ts'

// tokens
export type { Authorizer, AuthorizerStatus, CurrentToken } from './tokens/types.ts'
