// Owns: the page of one link: its URL and QR code, its live status, and cancelling it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'tdesign-react/es/button'
import { useSetName } from '../../api/catalogue.ts'
import { api, dataOf } from '../../api/client.ts'
import { useEventStream } from '../../api/use-event-stream.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Status } from '../../ui/badge.tsx'
import { CopyText } from '../../ui/copy.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Facts, Page } from '../../ui/page.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { When } from '../../ui/when.tsx'
import { AccountLink } from '../accounts/account-link.tsx'
import { linkKeys, type LinkSession, sessionQuery, urlQuery } from './link-queries.ts'
import { linkTexts } from './texts.ts'

/** No event reports that the page was opened, and not every caller may read events. */
const POLL_MS = 10_000

export function LinkPage({ id }: { id: string }) {
  const { platform } = useSession()
  const texts = useTexts(linkTexts)
  const { query, isLive } = useLiveSession(id)
  const name = query.data?.reference ?? texts.link
  const lead = <a href={hrefOf([platform, 'links'])}>{texts.back}</a>
  return (
    <Page title={name} name={name} lead={lead} actions={query.data ? <LinkActions session={query.data} /> : null}>
      <Loaded query={query}>
        {(session) => (
          <>
            <Outcome status={session.status} />
            <div className="columns">
              {session.status === 'open' ? <UrlCard id={id} isLive={isLive} /> : null}
              <StatusCard session={session} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** Polls the session, and fetches it when any link completes. */
function useLiveSession(id: string) {
  const { platform, may } = useSession()
  const query = useQuery({
    ...sessionQuery(platform, id),
    refetchInterval: ({ state: { data } }) => (data?.status === 'open' ? POLL_MS : false),
  })
  const { state } = useEventStream({
    isOn: query.data?.status === 'open' && may({ action: 'events:read' }),
    types: 'gateway.authorization.*',
    onEvent: () => void query.refetch({ cancelRefetch: false }),
  })
  return { query, isLive: state === 'live' }
}

function LinkActions({ session: { sessionId, reference, appid, status } }: { session: LinkSession }) {
  const { platform, may } = useSession()
  const texts = useTexts(linkTexts)
  const queries = useQueryClient()
  if (!may({ action: 'sessions:write', authorizer: appid ?? undefined })) return null
  const params = { path: { platform, sessionId } }
  const cancel = () =>
    dataOf(api.DELETE('/apis/v1/wx/{platform}/authorization-sessions/{sessionId}', { params })).then(() =>
      queries.invalidateQueries({ queryKey: linkKeys.all(platform) }),
    )
  return (
    <>
      <Button theme="default" href={hrefOf([platform, 'links', 'new'], { reference, appid: appid ?? undefined })}>
        {texts.again}
      </Button>
      {status === 'open' ? (
        <Action theme="danger" confirm={texts.cancelAsk} done={texts.cancelled} run={cancel}>
          {texts.cancelLink}
        </Action>
      ) : null}
    </>
  )
}

function Outcome({ status }: Pick<LinkSession, 'status'>) {
  const texts = useTexts(linkTexts)
  if (status === 'completed') return <p className="notice notice-good">{texts.done}</p>
  return status === 'refused' ? <p className="notice notice-bad">{texts.refusedWhy}</p> : null
}

function UrlCard({ id, isLive }: { id: string; isLive: boolean }) {
  const { platform } = useSession()
  const texts = useTexts(linkTexts)
  return (
    <Card title={texts.link}>
      <Loaded query={useQuery(urlQuery(platform, id))}>
        {({ url }) => (
          <div className="stack">
            <p className="muted">{texts.send}</p>
            <CopyText label={texts.link} text={url} />
            <QrCode text={url} label={texts.code} />
            <p className="muted">{isLive ? texts.watching : texts.polling}</p>
          </div>
        )}
      </Loaded>
    </Card>
  )
}

function StatusCard({ session }: { session: LinkSession }) {
  const texts = useTexts(linkTexts)
  const { appid, status, sessionId, createdAt, openedAt, completedAt, expiresAt, grantedSets, missingSets, tags } =
    session
  return (
    <Card title={texts.status}>
      <Facts
        of={[
          [texts.status, <Status key="status" of={status} />],
          [texts.account, appid === null ? texts.anyAccount : <AccountLink key="account" appid={appid} />],
          [texts.created, <When key="created" at={createdAt} absolute />],
          [texts.opened, openedAt === null ? texts.notOpened : <When key="opened" at={openedAt} absolute />],
          [texts.completed, <When key="completed" at={completedAt} absolute />],
          [texts.expires, <When key="expires" at={expiresAt} absolute />],
          [texts.granted, <Sets key="granted" ids={grantedSets} />],
          [texts.missing, <Sets key="missing" ids={missingSets} />],
          [texts.id, <code key="id">{sessionId}</code>],
          ...Object.entries(tags).map(([name, text]) => [name, text] as const),
        ]}
      />
    </Card>
  )
}

function Sets({ ids }: { ids: readonly number[] }) {
  const texts = useTexts(linkTexts)
  const nameOf = useSetName()
  return <>{ids.length === 0 ? texts.nothing : ids.map(nameOf).join(' · ')}</>
}
