// Owns: the card of WeChat's release check: its steps, and the command that runs them. Only the command may read Token
// and EncodingAESKey.
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Card } from '../../ui/page.tsx'
import { releaseCheckTexts } from './release-check-texts.ts'

export function ReleaseCheck() {
  const texts = useTexts(releaseCheckTexts)
  const { platform } = useSession()
  return (
    <Card title={texts.title}>
      <p>{texts.lead}</p>
      <pre className="json" tabIndex={-1}>
        npm run wxgw -- release-check --url https://gateway.example.com --platform {platform}
      </pre>
      <ol className="steps">
        {texts.steps.map(({ what, when }) => (
          <li key={what}>
            <strong>{what}</strong>
            <p className="muted">{when}</p>
          </li>
        ))}
      </ol>
      <p className="muted">{texts.foot}</p>
    </Card>
  )
}
