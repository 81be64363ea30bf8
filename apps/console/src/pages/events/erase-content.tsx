// Owns: erasing the content of one user of an account from the event log, the attempts and the dead letters.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { eventTexts } from './texts.ts'

type Props = { authorizer: string; subject: string }

/** Renders nothing for a caller without events:erase. */
export function EraseContent({ authorizer, subject }: Props) {
  const { platform, may } = useSession()
  const texts = useTexts(eventTexts)
  const queries = useQueryClient()
  const [erased, setErased] = useState(0)
  if (!may({ action: 'events:erase', authorizer })) return null
  async function erase(): Promise<void> {
    const params = { path: { platform }, query: { authorizer, subject } }
    const { erased: count } = await dataOf(api.DELETE('/apis/v1/wx/{platform}/events', { params }))
    setErased(count)
    await queries.invalidateQueries({ queryKey: [platform, 'events'] })
  }
  return (
    <Action theme="danger" confirm={texts.eraseAsk(subject)} done={texts.erased(erased)} run={erase}>
      {texts.erase}
    </Action>
  )
}
