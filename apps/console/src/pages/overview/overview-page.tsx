// Owns: the first page: what is wrong now, the last hour, the subscriptions' health.
import { lazy, Suspense } from 'react'
import { useQuery } from '@tanstack/react-query'
import { lastHour } from '../../api/last-hour.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { Loaded, Waiting } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { PlatformRows } from './platform-rows.tsx'
import { useWrong } from './problems.ts'
import { SubscriptionHealth } from './subscription-health.tsx'
import { overviewTexts } from './texts.ts'

const HourCurves = lazy(() => import('./hour-curves.tsx').then(({ HourCurves: component }) => ({ default: component })))

export function OverviewPage() {
  const { session, may } = useSession()
  const texts = useTexts(overviewTexts)
  const common = useTexts(consoleTexts)
  return (
    <Page title={common.overview} name={common.overview} lead={texts.lead}>
      <WrongNow />
      {session.platforms.length > 1 ? <PlatformRows /> : null}
      {may({ action: 'events:read', whole: true }) ? <LastHour /> : null}
      {may({ action: 'subscriptions:read' }) ? <SubscriptionHealth /> : null}
    </Page>
  )
}

function WrongNow() {
  const texts = useTexts(overviewTexts)
  const { wrong, isLoading } = useWrong()
  return (
    <Card title={texts.wrong}>
      {wrong.length > 0 ? (
        <ul className="wrongs">
          {wrong.map(({ key, tone, what, detail, next, href }) => (
            <li key={key} className={`wrong wrong-${tone}`}>
              <div>
                <strong>{what}</strong>
                {detail ? <p className="wrong-detail">{detail}</p> : null}
              </div>
              <a href={href}>{next} →</a>
            </li>
          ))}
        </ul>
      ) : isLoading ? (
        <Waiting />
      ) : (
        <p className="line">
          <Badge tone="good">✓</Badge> {texts.fine}
        </p>
      )}
    </Card>
  )
}

function LastHour() {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const query = useQuery(lastHour(platform))
  return (
    <Card title={texts.hour} actions={<span className="muted">{texts.eachMinute}</span>}>
      <Loaded query={query}>
        {({ items }) => (
          <Suspense fallback={<Waiting />}>
            <HourCurves items={items} />
          </Suspense>
        )}
      </Loaded>
    </Card>
  )
}
