// Owns: what the catalogue knows of the API that is about to be called, and whether the account has granted what it
// needs.
import { useQuery } from '@tanstack/react-query'
import { type KnownApi, useSetName } from '../../api/catalogue.ts'
import { answered, api } from '../../api/client.ts'
import { useSession } from '../../session/session.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Card } from '../../ui/page.tsx'
import { grantedSets } from '../accounts/permission-sets.tsx'
import { isAppid } from './call-draft.ts'
import { callTexts } from './texts.ts'

const TONES: Record<KnownApi['effect'], Tone> = { none: 'good', repeatable: 'info', 'not-repeatable': 'warn' }

/** `appid`: whose permission sets are compared; '' for none. */
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

/** undefined: not known, or not for this caller. */
function useGrantedSets(appid: string): number[] | undefined {
  const { platform, may } = useSession()
  const { data } = useQuery({
    queryKey: [platform, 'authorizers', appid],
    enabled: isAppid(appid) && may({ action: 'authorizers:read', authorizer: appid }),
    queryFn: () =>
      answered(api.GET('/apis/v1/wx/{platform}/authorizers/{APPID}', { params: { path: { platform, APPID: appid } } })),
  })
  return data && grantedSets(data)
}
