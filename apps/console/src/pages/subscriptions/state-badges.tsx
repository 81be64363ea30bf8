// Owns: the badges of a subscription's state and of its circuit breaker.
import { type Subscription, type SubscriptionStats, subscriptionState } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge, Status, type Tone } from '../../ui/badge.tsx'
import { subscriptionTexts } from './texts.ts'

type State = Pick<Subscription, 'enabled' | 'paused' | 'declared'>

export function StateBadges({ of: subscription }: { of: State }) {
  const texts = useTexts(subscriptionTexts)
  return (
    <span className="line">
      <Status of={subscriptionState(subscription)} />
      {subscription.declared ? <Badge tone="idle">{texts.declared}</Badge> : null}
    </span>
  )
}

const TONES: Record<SubscriptionStats['breaker'], Tone> = { closed: 'good', open: 'bad', half_open: 'warn' }

export function BreakerBadge({ of }: { of: SubscriptionStats['breaker'] }) {
  const texts = useTexts(subscriptionTexts)
  return <Badge tone={TONES[of]}>{texts.breakers[of]}</Badge>
}
