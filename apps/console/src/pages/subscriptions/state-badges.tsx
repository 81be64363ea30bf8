// Owns: the state of a subscription in small marks.
import type { Subscription, SubscriptionStats } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge, Status, type Tone } from '../../ui/badge.tsx'
import { subscriptionTexts } from './texts.ts'

type State = Pick<Subscription, 'enabled' | 'paused' | 'declared'>

/** A disabled one may be paused besides: then only the first counts. */
export function StateBadges({ of: { enabled, paused, declared } }: { of: State }) {
  const texts = useTexts(subscriptionTexts)
  return (
    <span className="line">
      <Status of={enabled ? (paused ? 'paused' : 'enabled') : 'disabled'} />
      {declared ? <Badge tone="idle">{texts.declared}</Badge> : null}
    </span>
  )
}

const TONES: Record<SubscriptionStats['breaker'], Tone> = { closed: 'good', open: 'bad', half_open: 'warn' }

export function BreakerBadge({ of }: { of: SubscriptionStats['breaker'] }) {
  const texts = useTexts(subscriptionTexts)
  return <Badge tone={TONES[of]}>{texts.breakers[of]}</Badge>
}
