// Owns: a sample push of every message and event of the catalogue, made from its fields and examples. Repeated fields
// come twice.
import { type CataloguedEvent, catalogue, type EventField } from '@wxgw/catalogue'
import { newMsgId } from '../ledger/opaque-values.ts'
import { element } from '../xml/write-xml.ts'
import type { MessageSample } from './message-samples.ts'

/** Pushes to an account's URL, by type, such as `wechat.event.subscribe`. */
export const CATALOGUE_SAMPLES: ReadonlyMap<string, () => MessageSample> = new Map(
  catalogue.events.flatMap((event) => (event.source === 'callback' ? [[event.type, () => sampleOf(event)]] : [])),
)

function sampleOf({ msgType = '', event, fields }: CataloguedEvent): MessageSample {
  const own = fields.filter(({ path }) => path !== 'MsgId')
  return {
    msgType,
    // Each sample has a MsgId of its own.
    fields: {
      ...(event === undefined ? {} : { Event: event }),
      ...(own.length < fields.length ? { MsgId: newMsgId() } : {}),
    },
    xml: sampleXml(own),
  }
}

/** The elements below `parent`; '': the root. */
export function sampleXml(fields: readonly EventField[], parent = ''): string {
  return fields
    .filter(({ path }) => path.slice(0, Math.max(path.lastIndexOf('.'), 0)) === parent)
    .map((field) => elementOf(field, fields).repeat(field.repeated ? 2 : 1))
    .join('')
}

function elementOf({ path, type, example = '' }: EventField, fields: readonly EventField[]): string {
  const name = path.slice(path.lastIndexOf('.') + 1)
  if (type === 'object') return `<${name}>${sampleXml(fields, path)}</${name}>`
  // Numbers have no CDATA. They stay text: they may exceed JavaScript's safe integers.
  return type === 'string' ? element(name, example) : `<${name}>${example}</${name}>`
}
