// Owns: the page of one account: its actions and profile. Each other card has a file of its own.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'tdesign-react/es/button'
import { type Account, accountQuery } from '../../api/account-queries.ts'
import { api, dataOf } from '../../api/client.ts'
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
import { PermissionSets } from './permission-sets.tsx'
import { accountTexts } from './texts.ts'
import { TokenLeft } from './token-left.tsx'

export function AccountPage({ appid }: { appid: string }) {
  const { platform, may } = useSession()
  const texts = useTexts(accountTexts)
  const query = useQuery(accountQuery(platform, appid))
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
  const invalidate = () => queries.invalidateQueries({ queryKey: [platform, 'authorizers'] })
  const mayForce = may({ action: 'tokens:force', authorizer: appid })
  return (
    <>
      {mayForce && status === 'active' ? (
        <Action
          confirm={texts.refreshAsk}
          done={texts.refreshed}
          run={() =>
            dataOf(api.POST('/apis/v1/wx/{platform}/authorizers/{APPID}/refresh', { params })).then(invalidate)
          }
        >
          {texts.refresh}
        </Action>
      ) : null}
      {mayForce || may({ action: 'authorizers:sync', whole: true }) ? (
        <Action
          done={texts.compareDone}
          run={() =>
            dataOf(api.POST('/apis/v1/wx/{platform}/authorizers/{APPID}/compare', { params })).then(invalidate)
          }
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
  const common = useTexts(consoleTexts)
  const { isMiniProgram, verify_type } = account
  return (
    <Card title={texts.profile}>
      <Facts
        of={[
          [texts.status, <Status key="status" of={account.status} />],
          [texts.kind, isMiniProgram === null ? common.unknown : isMiniProgram ? texts.mini : texts.official],
          [texts.principal, account.principal_name ?? '–'],
          [texts.originalId, <code key="id">{account.user_name ?? '–'}</code>],
          // WeChat's verify_type_info: -1 is not verified.
          [
            texts.verified,
            verify_type === null ? common.unknown : verify_type >= 0 ? texts.isVerified : texts.notVerified,
          ],
          [texts.token, <TokenLeft key="token" expiresAt={account.token.expiresAt} />],
          [texts.authorized, <When key="authorized" at={account.authorizedAt} absolute />],
          [texts.updated, <When key="updated" at={account.updatedAt} absolute />],
        ]}
      />
    </Card>
  )
}
