// The events of the catalogue, pushed as their fields say: they come out of the gateway's parser as consumers are told.
import { type CataloguedEvent, catalogue, type EventField, repeatedElements } from '@wxgw/catalogue'
import { eventType, takesDocument } from '@wxgw/contracts'
import { MESSAGE_SAMPLES, messageSample, messageXml, sampleXml, withInnerXml } from '@wxgw/simulator'
import { parseXml, withoutComponentSecrets, type XmlTree, type XmlValue } from '@wxgw/wechat-core'
import t from 'tap'

const HEAD = { toUserName: 'gh_000000000001', openId: 'oUSER', createTimeSeconds: 1_760_000_000 }

void t.test('the type of an event follows from its name, and it has the names of its URL', async (t) => {
  for (const { type, source, msgType, event, infoType } of catalogue.events) {
    if (source === 'component') {
      t.strictSame([msgType, event], [undefined, undefined], type)
      t.equal(type, eventType('wechat.component', infoType ?? ''))
    } else if (msgType === 'event') {
      t.equal(infoType, undefined, type)
      t.equal(type, eventType('wechat.event', event ?? ''))
    } else {
      t.strictSame([event, infoType], [undefined, undefined], type)
      t.equal(type, eventType('wechat.message', msgType ?? ''))
    }
  }
})

void t.test('each field stands once, after its object; leaves have an example, objects none', async (t) => {
  for (const { type, fields } of catalogue.events) {
    const objects = new Set([''])
    for (const field of fields) {
      t.ok(objects.has(parentOf(field)), `${type}: ${field.path} lies in an object`)
      if (field.type === 'object') objects.add(field.path)
      t.equal(field.example === undefined, field.type === 'object', `${type}: ${field.path}`)
    }
    t.equal(new Set(fields.map(({ path }) => path)).size, fields.length, type)
  }
})

void t.test('every event is read with its fields, repeated ones as arrays even when they come once', async (t) => {
  for (const event of catalogue.events) {
    const twice = parseXml(pushOf(event), { root: 'xml' })
    const once = parseXml(`<xml>${sampleXml(event.fields.map(notRepeated))}</xml>`, { root: 'xml' })
    for (const field of event.fields) {
      const [many, one] = [at(twice, field.path), at(once, field.path)]
      t.ok(many.length > 0 && one.length > 0, `${event.type}: ${field.path} is there`)
      for (const value of [...many, ...one]) {
        t.equal(
          Array.isArray(value),
          field.repeated !== undefined,
          `${event.type}: ${field.path} is ${field.repeated ? 'an array' : 'no array'}`,
        )
        if (field.type !== 'object')
          for (const leaf of [value].flat()) t.type(leaf, 'string', `${event.type}: ${field.path}`)
      }
    }
  }
})

void t.test('what is an array everywhere is one in every event of the catalogue', async (t) => {
  const everywhere = new Set(repeatedElements.flatMap(({ name, parent }) => (parent === undefined ? [name] : [])))
  for (const { type, fields } of catalogue.events) {
    for (const { path, repeated } of fields) {
      const name = path.slice(path.lastIndexOf('.') + 1)
      t.equal(repeated === 'everywhere', everywhere.has(name), `${type}: ${path}`)
    }
  }
})

void t.test('hidden are the tickets and codes that no consumer gets, and nothing else', async (t) => {
  for (const { type, fields } of catalogue.events) {
    if (!type.startsWith('wechat.component.')) continue
    const shown = withoutComponentSecrets(parseXml(`<xml>${sampleXml(fields)}</xml>`, { root: 'xml' }))
    for (const { path, hidden = false } of fields) t.equal(at(shown, path).length === 0, hidden, `${type}: ${path}`)
  }
})

void t.test('an event with its own form of answer accepts a document, and no other does', async (t) => {
  for (const { type, ownAnswer = false } of catalogue.events) t.equal(takesDocument(type), ownAnswer, type)
})

void t.test('the simulator pushes every message and event of the catalogue by its type', async (t) => {
  const types = catalogue.events.filter(({ source }) => source === 'callback').map(({ type }) => type)
  const found = types.filter((type) => !MESSAGE_SAMPLES.includes(type))
  t.strictSame(found, [])
})

function pushOf({ type, source, infoType = '', fields }: CataloguedEvent): string {
  if (source === 'component') return `<xml><InfoType>${infoType}</InfoType>${sampleXml(fields)}</xml>`
  const { msgType, fields: own, xml = '' } = messageSample(type)
  return withInnerXml(messageXml(HEAD, msgType, own), xml)
}

function notRepeated(field: EventField): EventField {
  const copy = { ...field }
  delete copy.repeated
  return copy
}

function parentOf({ path }: EventField): string {
  return path.slice(0, Math.max(path.lastIndexOf('.'), 0))
}

/** What stands at a path: of each entry, where arrays lie on the way. */
function at(tree: XmlTree, path: string): XmlValue[] {
  let found: XmlValue[] = [tree]
  for (const name of path.split('.')) {
    found = found
      .flat()
      .flatMap((value) =>
        typeof value === 'object' && !Array.isArray(value) && value[name] !== undefined ? [value[name]] : [],
      )
  }
  return found
}
