// Owns: the card with the answer to a call: WeChat's, or the gateway's own error.
import { useEffect, useState } from 'react'
import { useSetName } from '../../api/catalogue.ts'
import { useTexts } from '../../texts/language.ts'
import { JsonText } from '../../ui/json.tsx'
import { Card, Facts } from '../../ui/page.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { ErrcodeMeaning } from './errcode.tsx'
import type { CallAnswer } from './make-call.ts'
import { callTexts } from './texts.ts'

export function AnswerCard({ answer }: { answer: CallAnswer }) {
  const texts = useTexts(callTexts)
  const nameOf = useSetName()
  const { gatewayError, status, ms, contentType, errcode, rid, attempts, missingScopes, isBraked } = answer
  if (gatewayError) {
    return (
      <Card title={texts.answer}>
        <ErrorNotice error={gatewayError.error} />
        {gatewayError.sent ? <p>{texts.sent[gatewayError.sent]}</p> : null}
      </Card>
    )
  }
  return (
    <Card title={texts.answer}>
      <div className="stack">
        {isBraked ? <p className="notice notice-warn">{texts.brake}</p> : null}
        {errcode ? (
          <div className="notice notice-bad" role="alert">
            <p>
              <strong>
                {texts.errcode} {errcode}
              </strong>
            </p>
            <p>
              <ErrcodeMeaning code={errcode} />
            </p>
          </div>
        ) : null}
        <Facts
          of={[
            [texts.status, status],
            [texts.errcode, errcode ?? texts.success],
            [texts.rid, <code key="rid">{rid ?? '–'}</code>],
            [texts.took, `${ms} ms`],
            [texts.attempts, attempts ?? '–'],
            ...(missingScopes.length > 0 ? [[texts.missingScope, missingScopes.map(nameOf).join(' · ')] as const] : []),
            ['content-type', <code key="type">{contentType || '–'}</code>],
          ]}
        />
        <Body answer={answer} />
      </div>
    </Card>
  )
}

function Body({ answer: { text, body, fileName } }: { answer: CallAnswer }) {
  const texts = useTexts(callTexts)
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    const created = URL.createObjectURL(body)
    setUrl(created)
    return () => URL.revokeObjectURL(created)
  }, [body])
  if (body.size === 0) return <p className="muted">{texts.noBody}</p>
  return (
    <>
      {text === undefined ? null : <JsonText text={text} />}
      <p className="line">
        <a href={url} download={fileName}>
          {texts.download} {fileName}
        </a>
        <span className="muted">{texts.bytes(body.size)}</span>
      </p>
    </>
  )
}
