// Owns: the public names of the simulator.
export { startSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'
export type { CircuitBreakerSettings, ComponentCredentials, Settings, SettingsChange } from './settings.ts'
export type { Account, FuncInfo, NewAccount } from './accounts.ts'
export type { ApiCall } from './api/call-log.ts'
export type { SentCustomMessage } from './api/customer-service.ts'
export type { Fault, FaultPlan } from './api/faults.ts'
export {
  decryptMessage,
  encryptMessage,
  signParts,
  type DecryptedMessage,
  type MessageToEncrypt,
} from './crypto/push-cipher.ts'
export {
  encryptPush,
  type EncryptedPush,
  type PushCredentials,
  type PushKind,
  type PushToEncrypt,
} from './push/envelope.ts'
export { openReply, type PassiveReply, type OpenedReply } from './push/passive-reply.ts'
export { authorizedXml, ticketXml, unauthorizedXml } from './push/component-xml.ts'
export { messageXml, type MessageFields, type MessageHead, withInnerXml } from './push/message-xml.ts'
export { sampleXml } from './push/catalogue-samples.ts'
export { MESSAGE_SAMPLES, messageSample, type MessageSample } from './push/message-samples.ts'
export type { EventInput, MessageInput, PushInput, TextInput } from './push/message-pushes.ts'
export type { Authorized, AuthorizeOptions, TicketOptions, UnauthorizeOptions } from './push/component-pushes.ts'
export type { PushAttempt, PushResult } from './push/pusher.ts'
export type { ReleaseCheckOptions, ReleaseCheckReport, ReleaseCheckStep } from './release-check/run-release-check.ts'
export { TEST_GROUPS, type TestAccount, type TestGroup } from './release-check/test-accounts.ts'
export { readXml, textOf, type XmlFields, type XmlValue } from './xml/read-xml.ts'
