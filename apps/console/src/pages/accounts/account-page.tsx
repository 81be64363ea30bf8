// Owns: the page of one account: profile, token, actions. Sets, history, events and errors have files of their own.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'tdesign-react/es/button'
import { answered, api } from '../../api/client.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Status } from '../../ui/badge.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Facts, Page } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import { RefusedCallRows } from '../calls/refused-calls.tsx'
import { AccountEvents } from './account-events.tsx'
import { AccountHistory } from './account-history.tsx'
import type { Account } from './accounts-page.tsx'
import { PermissionSets } from './permission-sets.tsx'
import { accountTexts } from './texts.ts'
import { TokenLeft } from './token-left.tsx'

export function AccountPage({ appid }: { appid: string }) {
  const { platform, may } = useSession()
  const texts = useTexts(accountTexts)
  const query = useQuery({
    queryKey: [platform, 'authorizers', appid],
    queryFn: () =>
      answered(api.GET('/apis/v1/wx/{platform}/authorizers/{APPID}', { params: { path: { platform, APPID: appid } } })),
  })
  const name = query.data?.nick_name ?? appid
  return (
    <Page
      title={name}
      name={name}
      lead={<code>{appid}</code>}
      actions={query.data ? <AccountActions account={query.data} /> : null}
    >
      <Loaded query={query}>
        {(account) => (
          <>
            <StatusNotice account={account} />
            <Profile account={account} />
            <div className="columns">
              <PermissionSets account={account} />
              <AccountHistory appid={appid} />
            </div>
            {may({ action: 'events:read', authorizer: appid }) ? <AccountEvents appid={appid} /> : null}
            {may({ action: 'console:use', whole: true }) ? (
              <RefusedCallRows title={texts.refusedCalls} filter={{ authorizer: appid }} />
            ) : null}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function AccountActions({ account: { appid, status, nick_name: name } }: { account: Account }) {
  const { platform, may } = useSession()
  const texts = useTexts(accountTexts)
  const queries = useQueryClient()
  const params = { path: { platform, APPID: appid } }
  const again = () => queries.invalidateQueries({ queryKey: [platform, 'authorizers'] })
  const mayForce = may({ action: 'tokens:force', authorizer: appid })
  return (
    <>
      {mayForce && status === 'active' ? (
        <Action
          confirm={texts.refreshAsk}
          done={texts.refreshed}
          run={() => answered(api.POST('/apis/v1/wx/{platform}/authorizers/{APPID}/refresh', { params })).then(again)}
        >
          {texts.refresh}
        </Action>
      ) : null}
      {mayForce || may({ action: 'authorizers:sync', whole: true }) ? (
        <Action
          done={texts.compareDone}
          run={() => answered(api.POST('/apis/v1/wx/{platform}/authorizers/{APPID}/compare', { params })).then(again)}
        >
          {texts.compare}
        </Action>
      ) : null}
      {may({ action: 'api:call', authorizer: appid }) ? (
        <Button theme="default" href={hrefOf([platform, 'calls'], { appid })}>
          {texts.call}
        </Button>
      ) : null}
      {may({ action: 'sessions:write', authorizer: appid }) ? (
        <Button
          theme={status === 'active' ? 'default' : 'primary'}
          href={hrefOf([platform, 'links', 'new'], { appid, reference: name ?? appid })}
        >
          {texts.sendLink}
        </Button>
      ) : null}
    </>
  )
}

function StatusNotice({ account: { status } }: { account: Account }) {
  const texts = useTexts(accountTexts)
  if (status === 'active') return null
  return <p className="notice notice-bad">{status === 'revoked' ? texts.gone : texts.lost}</p>
}

function Profile({ account }: { account: Account }) {
  const texts = useTexts(accountTexts)
  const all = useTexts(consoleTexts)
  const { isMiniProgram, verify_type } = account
  return (
    <Card title={texts.profile}>
      <Facts
        of={[
          [texts.status, <Status key="status" of={account.status} />],
          [texts.kind, isMiniProgram === null ? all.unknown : isMiniProgram ? texts.mini : texts.official],
          [texts.principal, account.principal_name ?? '–'],
          [texts.originalId, <code key="id">{account.user_name ?? '–'}</code>],
          // WeChat's own number: -1 is not verified.
          [
            texts.verified,
            verify_type === null ? all.unknown : verify_type >= 0 ? texts.isVerified : texts.notVerified,
          ],
          [texts.token, <TokenLeft key="token" expiresAt={account.token.expiresAt} />],
          [texts.authorized, <When key="authorized" at={account.authorizedAt} absolute />],
          [texts.updated, <When key="updated" at={account.updatedAt} absolute />],
        ]}
      />
    </Card>
  )
}
