// Owns: the public names of this package.
export { Secret } from './secret.ts'
export { isPlatformId, reservedPlatformId } from './platform-id.ts'
export { parseAuthorizerAppId, parseComponentAppId } from './ids.ts'
export type { AuthorizerAppId, ComponentAppId } from './ids.ts'
export { systemClock } from './clock.ts'
export type { Clock } from './clock.ts'
export { Stop } from './stop.ts'
export type { StopSignal } from './stop.ts'
export { backoffMs } from './backoff.ts'
export { createLogBrake } from './log-brake.ts'
export { pause } from './pause.ts'
export { afterReading } from './after-reading.ts'
export { inTime, within } from './in-time.ts'
export { GatewayError, isStoreAway, UnansweredCallError, WeChatApiError, WeChatTransportError } from './errors.ts'
export type { ErrorCode, Sent } from './errors.ts'

// crypto
export { decodeEncodingAesKey } from './crypto/encoding-aes-key.ts'
export { decryptMessage, encryptMessage } from './crypto/message-cipher.ts'
export type { DecryptedMessage } from './crypto/message-cipher.ts'
export { signPush, verifyUrlSignature } from './crypto/signature.ts'

// xml
export { buildXml } from './xml/build-xml.ts'
export type { XmlSource } from './xml/build-xml.ts'
export { parseXml } from './xml/parse-xml.ts'
export type { XmlTree, XmlValue } from './xml/tree.ts'
export { XmlRefusedError } from './xml/xml-refused.ts'
export type { XmlRefusal } from './xml/xml-refused.ts'

// push
export { textOfUtf8 } from './crypto/utf8.ts'
export { parseAuthorizerMessage } from './push/authorizer-message.ts'
export { parseComponentEvent } from './push/component-event.ts'
export { checkPushQuery, openEnvelope } from './push/envelope.ts'
export type { PushToOpen } from './push/envelope.ts'
export { eventId } from './push/event-id.ts'
export { orderedAtSeconds } from './push/fields.ts'
export type { EventOrigin } from './push/event-id.ts'
export { customMessage } from './push/custom-message.ts'
export { buildReplyXml, isReplyDocument } from './push/passive-reply.ts'
export type { PassiveReply, ReplyAddress } from './push/passive-reply.ts'
export { RELEASE_CHECK_ACCOUNTS, releaseCheckAnswer } from './push/release-check.ts'
export type { ReleaseCheckAnswer } from './push/release-check.ts'
export { sealReply } from './push/seal-reply.ts'
export { textWithoutSecrets, withoutComponentSecrets, withoutSecrets } from './push/without-secrets.ts'
export type {
  AuthorizerMessage,
  ComponentEvent,
  OpenedPush,
  PushCredentials,
  PushKeys,
  PushQuery,
} from './push/opened-push.ts'

// authorization
export { authorizationPageUrl } from './authorization/authorization-page.ts'

// api
export { createAuthorizerApi } from './api/authorizer-api.ts'
export type { Closable } from './api/call.ts'
export { AUTHORIZER_LIST_PAGE_SIZE, createComponentApi } from './api/component-api.ts'
export { classifyErrcode, errcodeRetryOptions } from './api/errcodes.ts'
export type { ErrcodeKind } from './api/errcodes.ts'
export type { ApiExchange } from './api/api-connection.ts'
export { probeApi } from './api/probe-api.ts'
export { readVerdict } from './api/verdict.ts'
export type { Verdict } from './api/verdict.ts'
export { createStreamedCalls } from './api/streamed-call.ts'
export type { StreamedBody, StreamedCall, StreamedCalls, StreamedHead } from './api/streamed-call.ts'
export type {
  AuthorizerApi,
  AuthorizerDetails,
  AuthorizerListPage,
  AuthorizerProfile,
  CallOptions,
  ComponentApi,
  FuncInfo,
  IssuedPreAuthCode,
  RefreshedAuthorizerToken,
} from './api/apis.ts'

// tokens
export type { Authorizer, AuthorizerStatus, CurrentToken } from './tokens/authorizer.ts'
export { currentToken, isFresh, isValid, refreshDueInMs } from './tokens/freshness.ts'
export type { StoredToken } from './tokens/freshness.ts'
export {
  authorizerNotFound,
  authorizerRevoked,
  componentTicketMissing,
  describeFailure,
  failureError,
  reauthorizationRequired,
  refusalKind,
} from './tokens/refusal.ts'
export { createTokenKeeper } from './tokens/token-keeper.ts'
export type {
  CommitOutcome,
  FailedRefresh,
  RefreshClaim,
  RefreshFailure,
  TokenKeeperStore,
  TokenSnapshot,
} from './tokens/token-keeper.ts'
export { COMPONENT_SUBJECT, createComponentTokens } from './tokens/component-tokens.ts'
export type { ComponentTokens, ComponentTokenStore, IssuedToken } from './tokens/component-tokens.ts'
export { ANNOUNCED_STREAKS, createAuthorizerTokens } from './tokens/authorizer-tokens.ts'
export type { AuthorizerTokens, AuthorizerTokenStore } from './tokens/authorizer-tokens.ts'
export { createRefreshTokenSearch } from './tokens/refresh-token-search.ts'
export type { RefreshTokenSearch } from './tokens/refresh-token-search.ts'
export { permissionSetIds } from './authorization/permission-sets.ts'
export { authorizationCodeHash, createCodeExchange } from './tokens/code-exchange.ts'
export type { CodeExchange, PushedAuthorization } from './tokens/code-exchange.ts'
export { createAccountLookup } from './tokens/account-lookup.ts'
export type { AccountLookup } from './tokens/account-lookup.ts'
export type { AuthorizationStore, CodeClaim, CodeStore, NewAuthorization } from './tokens/authorization-store.ts'
