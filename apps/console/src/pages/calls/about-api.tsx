// Owns: the card about the API in the form: its effect, and whether the account granted the permission set it needs.
import { useQuery } from '@tanstack/react-query'
import { accountQuery, grantedSets } from '../../api/account-queries.ts'
import { type KnownApi, useSetName } from '../../api/catalogue.ts'
import { useSession } from '../../session/session.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { isAppid } from '../../ui/checks.ts'
import { Card } from '../../ui/page.tsx'
import { callTexts } from './texts.ts'

const TONES: Record<KnownApi['effect'], Tone> = { none: 'good', repeatable: 'info', 'not-repeatable': 'warn' }

/** `appid`: the account whose permission sets are compared; '': none. */
export function AboutApi({ known, appid }: { known: KnownApi | undefined; appid: string }) {
  const texts = useTexts(callTexts)
  const language = useLanguage()
  if (known === undefined) {
    return (
      <Card title={texts.about}>
        <p className="muted">{texts.unknownApi}</p>
      </Card>
    )
  }
  const isUncertain = known.uncertain?.some((member) => member === 'effect' || member === 'permissionSets')
  return (
    <Card title={language === 'zh' ? known.titleZh : known.titleEn}>
      <div className="stack">
        <p className="line">
          {texts.effect} <Badge tone={TONES[known.effect]}>{texts.effects[known.effect]}</Badge>
        </p>
        <NeededSets ids={known.permissionSets} appid={appid} />
        {isUncertain ? <p className="muted">{texts.uncertain}</p> : null}
        <a href={known.page} target="_blank" rel="noreferrer">
          {texts.page} ↗
        </a>
      </div>
    </Card>
  )
}

function NeededSets({ ids, appid }: { ids: readonly number[]; appid: string }) {
  const texts = useTexts(callTexts)
  const nameOf = useSetName()
  const granted = useGrantedSets(appid)
  if (ids.length === 0) return <p className="muted">{texts.noSets}</p>
  return (
    <div>
      <h3>{texts.sets}</h3>
      <ul className="stack">
        {ids.map((id) => (
          <li key={id} className="line">
            <code>{id}</code> {nameOf(id)}
            {granted ? (
              <Badge tone={granted.includes(id) ? 'good' : 'bad'}>
                {granted.includes(id) ? texts.has : texts.lacks}
              </Badge>
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** undefined: not loaded, or the caller may not read the account. */
function useGrantedSets(appid: string): number[] | undefined {
  const { platform, may } = useSession()
  const { data } = useQuery({
    ...accountQuery(platform, appid),
    enabled: isAppid(appid) && may({ action: 'authorizers:read', authorizer: appid }),
  })
  return data && grantedSets(data)
}
