// Owns: the first page: current problems, the last hour, the state of subscriptions.
import { lazy, Suspense } from 'react'
import { useQuery } from '@tanstack/react-query'
import { lastHour } from '../../api/last-hour.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { Loaded, Loading } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { PlatformRows } from './platform-rows.tsx'
import { useProblems } from './problems.ts'
import { SubscriptionHealth } from './subscription-health.tsx'
import { overviewTexts } from './texts.ts'

const HourChart = lazy(() => import('./hour-chart.tsx').then(({ HourChart: component }) => ({ default: component })))

export function OverviewPage() {
  const { session, may } = useSession()
  const texts = useTexts(overviewTexts)
  const common = useTexts(consoleTexts)
  return (
    <Page title={common.overview} name={common.overview} lead={texts.lead}>
      <ProblemList />
      {session.platforms.length > 1 ? <PlatformRows /> : null}
      {may({ action: 'events:read', whole: true }) ? <LastHour /> : null}
      {may({ action: 'subscriptions:read' }) ? <SubscriptionHealth /> : null}
    </Page>
  )
}

function ProblemList() {
  const texts = useTexts(overviewTexts)
  const { problems, isLoading } = useProblems()
  return (
    <Card title={texts.problems}>
      {problems.length > 0 ? (
        <ul className="problems">
          {problems.map(({ key, tone, what, detail, next, href }) => (
            <li key={key} className={`problem problem-${tone}`}>
              <div>
                <strong>{what}</strong>
                {detail ? <p className="problem-detail">{detail}</p> : null}
              </div>
              <a href={href}>{next} →</a>
            </li>
          ))}
        </ul>
      ) : isLoading ? (
        <Loading />
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
          <Suspense fallback={<Loading />}>
            <HourChart items={items} />
          </Suspense>
        )}
      </Loaded>
    </Card>
  )
}
