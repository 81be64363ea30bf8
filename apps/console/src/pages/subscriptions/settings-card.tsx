// Owns: the card of a subscription's settings, read-only.
import type { ReactNode } from 'react'
import type { Subscription } from '../../api/subscription-queries.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Card, Facts } from '../../ui/page.tsx'
import { useDuration, When } from '../../ui/when.tsx'
import { subscriptionTexts } from './texts.ts'

export function SettingsCard({ of: subscription }: { of: Subscription }) {
  const texts = useTexts(subscriptionTexts)
  const duration = useDuration()
  const { match, sink, ordering, throttle, maxBacklog, disableAfterSeconds, reply, fallback } = subscription
  const held = ordering === 'none' ? '' : duration(subscription.orderingTimeoutSeconds)
  return (
    <Card title={texts.settings}>
      <Facts
        of={[
          [texts.accounts, <Listed key="accounts" items={match.authorizers} none={texts.allAccounts} />],
          [texts.types, <Listed key="types" items={match.types} none={texts.allTypes} />],
          [texts.data, <Conditions key="data" of={match.data} />],
          [texts.sink, <SinkText key="sink" of={sink} />],
          [texts.retry, <Schedule key="retry" of={subscription.retry.scheduleSeconds} />],
          [texts.ordering, joined(texts.orderings[ordering], held)],
          [texts.throttle, throttle ? texts.perSecond(throttle.perSecond) : texts.noThrottle],
          [texts.maxBacklog, maxBacklog.toLocaleString()],
          [texts.disableAfter, disableAfterSeconds === 0 ? texts.never : duration(disableAfterSeconds)],
          [texts.reply, joined(reply ? texts.replies : texts.noReply, fallback ? texts.fallback : '')],
          [texts.created, <When key="created" at={subscription.createdAt} absolute />],
          [texts.updated, <When key="updated" at={subscription.updatedAt} absolute />],
        ]}
      />
    </Card>
  )
}

function joined(first: string, second: string): string {
  return second === '' ? first : `${first} · ${second}`
}

/** A list may have 10,000 items: the rest is folded. */
const MAX_UNFOLDED = 5

function Listed({ items, none }: { items: readonly string[] | undefined; none: string }) {
  const common = useTexts(consoleTexts)
  if (!items) return none
  if (items.length === 0) return common.none
  return (
    <>
      <Codes of={items.slice(0, MAX_UNFOLDED)} />
      {items.length > MAX_UNFOLDED ? (
        <details>
          <summary>+{items.length - MAX_UNFOLDED}</summary>
          <Codes of={items.slice(MAX_UNFOLDED)} />
        </details>
      ) : null}
    </>
  )
}

function Codes({ of: texts }: { of: readonly string[] }) {
  return (
    <ul>
      {texts.map((text) => (
        <li key={text}>
          <code>{text}</code>
        </li>
      ))}
    </ul>
  )
}

type Conditions = NonNullable<Subscription['match']['data']>

function Conditions({ of: data = {} }: { of: Conditions | undefined }): ReactNode {
  const texts = useTexts(subscriptionTexts)
  const common = useTexts(consoleTexts)
  const entries = Object.entries(data)
  if (entries.length === 0) return common.none
  const textOf = (condition: Conditions[string]) => {
    if (Array.isArray(condition)) return `${texts.oneOf} ${condition.join(', ')}`
    if ('prefix' in condition) return `${texts.prefix} ${condition.prefix}`
    if ('not' in condition) return `${texts.not} ${condition.not.join(', ')}`
    return condition.exists ? texts.exists : texts.missing
  }
  return (
    <ul>
      {entries.map(([field, condition]) => (
        <li key={field}>
          <code>{field}</code> {textOf(condition)}
        </li>
      ))}
    </ul>
  )
}

function SinkText({ of: { kind, url, queue, stream, timeoutMs, maxLength } }: { of: Subscription['sink'] }) {
  const texts = useTexts(subscriptionTexts)
  return (
    <>
      {texts.kinds[kind]}
      <br />
      <code>{url ?? queue ?? stream}</code>
      {timeoutMs === undefined ? null : <p className="muted">{`${texts.timeout} ${timeoutMs.toLocaleString()} ms`}</p>}
      {maxLength === undefined ? null : <p className="muted">{`${texts.maxLength} ${maxLength.toLocaleString()}`}</p>}
    </>
  )
}

function Schedule({ of: seconds }: { of: readonly number[] }) {
  const texts = useTexts(subscriptionTexts)
  const duration = useDuration()
  if (seconds.length === 0) return texts.once
  const sum = seconds.reduce((total, each) => total + each, 0)
  return (
    <>
      {texts.attempts(seconds.length + 1, duration(sum))}
      <p className="muted">{seconds.map(duration).join(' → ')}</p>
    </>
  )
}
