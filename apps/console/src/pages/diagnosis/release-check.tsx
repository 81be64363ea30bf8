// Owns: the steps of WeChat's release check, and the command that plays them. It needs Token and EncodingAESKey, which no page gets.
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
