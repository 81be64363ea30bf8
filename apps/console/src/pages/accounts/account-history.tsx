// Owns: the card of an account's authorization history: permission sets granted and revoked.
import { useQuery } from '@tanstack/react-query'
import { useSetName } from '../../api/catalogue.ts'
import { api, dataOf } from '../../api/client.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Card } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import { accountTexts } from './texts.ts'

export function AccountHistory({ appid }: { appid: string }) {
  const { platform } = useSession()
  const texts = useTexts(accountTexts)
  const nameOf = useSetName()
  const query = useQuery({
    queryKey: [platform, 'authorizers', appid, 'history'],
    queryFn: () => {
      const params = { path: { platform, APPID: appid }, query: { limit: '50' } }
      return dataOf(api.GET('/apis/v1/wx/{platform}/authorizers/{APPID}/history', { params }))
    },
  })
  return (
    <Card title={texts.history}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{texts.noHistory}</p>
          ) : (
            <ol className="timeline">
              {items.map(({ at, cause, addedSets, removedSets, sessionId, reference }) => (
                <li key={at}>
                  <p className="line">
                    <strong>{texts.cause[cause]}</strong>
                    <span className="muted">
                      <When at={at} absolute />
                    </span>
                  </p>
                  {addedSets.length > 0 ? (
                    <p>
                      {texts.added}: {addedSets.map(nameOf).join(' · ')}
                    </p>
                  ) : null}
                  {removedSets.length > 0 ? (
                    <p>
                      {texts.removed}: {removedSets.map(nameOf).join(' · ')}
                    </p>
                  ) : null}
                  {sessionId ? <p className="muted">{reference ?? sessionId}</p> : null}
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  )
}
