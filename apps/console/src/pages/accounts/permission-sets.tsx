// Owns: the card of an account's permission sets: those granted, and the other ones of its kind.
import { type Account, grantedSets } from '../../api/account-queries.ts'
import { nameOfSet, useCatalogue } from '../../api/catalogue.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Card } from '../../ui/page.tsx'
import { accountTexts } from './texts.ts'

export function PermissionSets({ account }: { account: Account }) {
  const texts = useTexts(accountTexts)
  const language = useLanguage()
  const { data } = useCatalogue()
  const granted = grantedSets(account)
  const kind = account.isMiniProgram ? 'mini-program' : 'official-account'
  const known = data?.permissionSets ?? []
  const missing =
    account.isMiniProgram === null
      ? []
      : known.filter((set) => set.accounts.includes(kind) && !granted.includes(set.id))
  const nameOf = (id: number) => {
    const set = known.find((each) => each.id === id)
    return set ? nameOfSet(set, language) : ''
  }
  return (
    <Card title={texts.sets}>
      <div className="stack">
        <h3>
          {texts.granted} · {granted.length}
        </h3>
        <ul className="chips">
          {granted.map((id) => (
            <li key={id} className="chip">
              <code>{id}</code> {nameOf(id)}
            </li>
          ))}
        </ul>
        <h3>
          {texts.notGranted} · {missing.length}
        </h3>
        {missing.length === 0 ? <p className="muted">{texts.allGranted}</p> : null}
        <ul className="chips">
          {missing.map((set) => (
            <li key={set.id} className="chip chip-off">
              <code>{set.id}</code> {nameOfSet(set, language)}
            </li>
          ))}
        </ul>
      </div>
    </Card>
  )
}
