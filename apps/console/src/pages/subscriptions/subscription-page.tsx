// Owns: the page of one subscription. Its cards and actions have files of their own.
import { useState } from 'react'
import { type Subscription, useReach, useStats, useSubscription } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { HealthCard } from './health-card.tsx'
import { ReplaysCard } from './replays-card.tsx'
import { SecretOnce } from './secret-once.tsx'
import { SettingsCard } from './settings-card.tsx'
import { StateBadges } from './state-badges.tsx'
import { SubscriptionActions } from './subscription-actions.tsx'
import { TestOutcome } from './test-outcome.tsx'
import { subscriptionTexts } from './texts.ts'

export function SubscriptionPage({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  const reaches = useReach()
  const query = useSubscription(name)
  const [secret, setSecret] = useState<string>()
  const [testEvent, setTestEvent] = useState<string>()
  const mayWrite = query.data !== undefined && reaches('subscriptions:write', query.data.match)
  return (
    <Page
      title={name}
      name={name}
      lead={<a href={hrefOf([platform, 'subscriptions'])}>← {texts.back}</a>}
      actions={
        mayWrite && query.data ? (
          <SubscriptionActions subscription={query.data} onSecret={setSecret} onTest={setTestEvent} />
        ) : null
      }
    >
      {secret === undefined ? null : <SecretOnce secret={secret} />}
      {testEvent === undefined ? null : <TestOutcome key={testEvent} eventId={testEvent} name={name} />}
      <Loaded query={query}>
        {(subscription) => (
          <>
            <Notices of={subscription} />
            <HealthCard subscription={subscription} />
            {reaches('events:replay', subscription.match) ? <ReplaysCard subscription={subscription} /> : null}
            <SettingsCard of={subscription} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Notices({ of: subscription }: { of: Subscription }) {
  const texts = useTexts(subscriptionTexts)
  const { data: stats } = useStats(subscription.name)
  const { enabled, paused, declared } = subscription
  return (
    <>
      <p className="line states">
        <StateBadges of={subscription} />
      </p>
      {declared ? <p className="notice">{texts.declaredLead}</p> : null}
      {enabled ? null : <p className="notice notice-bad">{texts.disabledNotice}</p>}
      {enabled && paused ? <p className="notice notice-warn">{texts.pausedNotice}</p> : null}
      {enabled && stats?.breaker === 'open' ? <p className="notice notice-bad">{texts.openNotice}</p> : null}
    </>
  )
}
