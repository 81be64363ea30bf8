// Owns: pushing messages and events of an account's users to the callback URL.
import type { Accounts } from '../accounts.ts'
import type { CustomerService } from '../api/customer-service.ts'
import { newMsgId } from '../ledger/opaque-values.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import type { PushCredentials, PushKind } from './envelope.ts'
import { messageSample } from './message-samples.ts'
import { firstElement, messageXml, type MessageFields, withInnerXml } from './message-xml.ts'
import type { PushOrder, PushResult, Pusher } from './pusher.ts'

/** The sender of messages that name none. */
const DEFAULT_OPEN_ID = 'oSimulatedUser-0000000000001'

type Sender = { openId?: string; createTimeSeconds?: number }

export type TextInput = Sender & { content: string; msgId?: string }
export type EventInput = Sender & { event: string; eventKey?: string; fields?: MessageFields; xml?: string }
export type MessageInput = Sender & { msgType: string; fields?: MessageFields; xml?: string }

/** Each member left out is as WeChat sets it. */
export type PushInput = {
  xml: string
  /** The account, for `authorizer`. With `addressee`, the simulator need not know it. */
  appId?: string
  openId?: string
  url?: string
  label?: string
  query?: Readonly<Record<string, string | undefined>>
  encryptWith?: Partial<PushCredentials>
  receiveId?: string
  addressee?: string
  body?: string
  attempts?: number
}

export type MessagePushes = {
  sendText(appId: string, input: TextInput): Promise<PushResult>
  sendEvent(appId: string, input: EventInput): Promise<PushResult>
  sendMessage(appId: string, input: MessageInput): Promise<PushResult>
  /** One of MESSAGE_SAMPLES. */
  sendSample(appId: string, name: string, sender?: Sender): Promise<PushResult>
  /** `xml`: the plaintext, pushed unchanged. */
  sendMessageXml(appId: string, xml: string): Promise<PushResult>
  push(kind: PushKind, input: PushInput): Promise<PushResult>
}

type Deps = {
  clock: SimulationClock
  settings: () => Settings
  accounts: Accounts
  customerService: CustomerService
  pusher: Pick<Pusher, 'push'>
}

export function createMessagePushes({ clock, settings, accounts, customerService, pusher }: Deps): MessagePushes {
  async function push(kind: PushKind, input: PushInput): Promise<PushResult> {
    const { url, addressee, label, ...rest } = input
    return pusher.push({
      ...rest,
      kind,
      url:
        url ??
        (kind === 'component' ? settings().eventUrl : settings().callbackUrl?.replaceAll('$APPID$', input.appId ?? '')),
      addressee:
        addressee ?? (kind === 'component' ? settings().component.appId : accounts.get(input.appId ?? '').userName),
      label: label ?? labelOf(input.xml),
      ...(kind === 'authorizer' ? openIdOf(input) : {}),
    })
  }

  function send(appId: string, message: MessageInput): Promise<PushResult> {
    const { openId = DEFAULT_OPEN_ID, createTimeSeconds = clock.nowSeconds(), msgType, fields = {}, xml = '' } = message
    const head = { toUserName: accounts.get(appId).userName, openId, createTimeSeconds }
    customerService.userWrote(appId, openId)
    return push('authorizer', { appId, openId, xml: withInnerXml(messageXml(head, msgType, fields), xml) })
  }

  return {
    push,
    sendText: (appId, { content, msgId = newMsgId(), ...sender }) =>
      // MsgId has no CDATA in real pushes, and exceeds JavaScript's safe integers.
      send(appId, { ...sender, msgType: 'text', fields: { Content: content }, xml: `<MsgId>${msgId}</MsgId>` }),
    sendEvent: (appId, { event, eventKey, fields, ...rest }) =>
      send(appId, {
        ...rest,
        msgType: 'event',
        fields: { Event: event, ...(eventKey === undefined ? {} : { EventKey: eventKey }), ...fields },
      }),
    sendMessage: send,
    sendSample: (appId, name, sender = {}) => send(appId, { ...messageSample(name), ...sender }),
    sendMessageXml: (appId, xml) => {
      const openId = firstElement(xml, 'FromUserName')
      if (openId !== undefined) customerService.userWrote(appId, openId)
      return push('authorizer', { appId, xml })
    },
  }
}

function openIdOf(input: PushInput): Pick<PushOrder, 'openId'> {
  const openId = input.openId ?? firstElement(input.xml, 'FromUserName')
  return openId === undefined ? {} : { openId }
}

function labelOf(xml: string): string {
  return firstElement(xml, 'InfoType') ?? firstElement(xml, 'Event') ?? firstElement(xml, 'MsgType') ?? 'xml'
}
