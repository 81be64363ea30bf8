// Owns: the page that calls an API of WeChat for an account or the component.
// What was refused lately is refused-calls.tsx.
import { useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { type KnownApi, useCatalogue } from '../../api/catalogue.ts'
import { useRoute } from '../../routing/route.ts'
import { reachesApi, useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { AnswerOf } from './call-answer.tsx'
import { type CallDraft, type Kind, KINDS, wrongsOf } from './call-draft.ts'
import { CallFields } from './call-fields.tsx'
import { AboutApi } from './known-api.tsx'
import { type CallAnswer, makeCall } from './make-call.ts'
import { RefusedCalls } from './refused-calls.tsx'
import { callTexts } from './texts.ts'

const ACTIONS = { account: 'api:call', component: 'component_api:call' } as const

export function CallsPage() {
  const { may } = useSession()
  const texts = useTexts(callTexts)
  const all = useTexts(consoleTexts)
  const kinds = KINDS.filter((kind) => may({ action: ACTIONS[kind] }))
  const [first] = kinds
  return (
    <Page title={all.calls} name={all.calls} lead={texts.lead}>
      {first ? <Caller kinds={kinds} first={first} /> : null}
      {may({ action: 'console:use', whole: true }) ? <RefusedCalls /> : null}
    </Page>
  )
}

function Caller({ kinds, first }: { kinds: readonly Kind[]; first: Kind }) {
  const { platform } = useSession()
  const texts = useTexts(callTexts)
  const appid = useRoute().query.get('appid') ?? ''
  const [draft, setDraft] = useState<CallDraft>({ kind: first, appid, method: 'POST', path: '', query: '', body: '' })
  const [isSent, setSent] = useState(false)
  const [answer, setAnswer] = useState<CallAnswer>()
  const apis = useCallableApis(draft)
  const known = apis.find(({ method, path }) => method === draft.method && path === draft.path)
  const wrongs = useWrongs(draft)
  const isSafe = known !== undefined && known.effect !== 'not-repeatable'
  const warning = known === undefined ? texts.warningUnknown : texts.warning
  return (
    <>
      <div className="columns">
        <Card>
          <div className="form">
            <CallFields kinds={kinds} draft={draft} onDraft={setDraft} apis={apis} wrongs={wrongs} isSent={isSent} />
            {Object.keys(wrongs).length > 0 ? (
              <Button theme="primary" onClick={() => setSent(true)}>
                {texts.call}
              </Button>
            ) : (
              <Action
                theme="primary"
                confirm={isSafe ? undefined : warning}
                run={() => makeCall(platform, draft).then(setAnswer)}
              >
                {texts.call}
              </Action>
            )}
          </div>
        </Card>
        {draft.path === '' ? null : <AboutApi known={known} appid={draft.kind === 'account' ? draft.appid : ''} />}
      </div>
      {answer ? <AnswerOf answer={answer} /> : null}
    </>
  )
}

function useWrongs(draft: CallDraft) {
  const { platform, session } = useSession()
  const texts = useTexts(callTexts)
  const { kind, appid, path } = draft
  const need = {
    platform,
    action: ACTIONS[kind],
    path,
    ...(kind === 'account' ? { authorizer: appid } : { whole: true }),
  }
  const wrongs = wrongsOf(draft, texts)
  if (wrongs.path || wrongs.appid || reachesApi(session, need)) return wrongs
  return { ...wrongs, path: texts.notGranted }
}

/**
 * What the catalogue knows for this kind of token, within the rights; never what shows, uses up or ends credentials.
 */
function useCallableApis({ kind }: CallDraft): KnownApi[] {
  const { platform, session } = useSession()
  const { data } = useCatalogue()
  return (data?.apis ?? []).filter(
    ({ token, proxy, path }) =>
      proxy === undefined &&
      (token === kind || token === 'account-or-component') &&
      reachesApi(session, { platform, action: ACTIONS[kind], path }),
  )
}
