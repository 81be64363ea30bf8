// Owns: the notice with a webhook's secret, which the gateway answers once. The console does not store it.
import { useTexts } from '../../texts/language.ts'
import { CopyText } from '../../ui/copy.tsx'
import { subscriptionTexts } from './texts.ts'

export function SecretOnce({ secret }: { secret: string }) {
  const texts = useTexts(subscriptionTexts)
  return (
    <div className="notice notice-warn secret" role="status">
      <strong>{texts.secret}</strong>
      <p>{texts.secretOnce}</p>
      <CopyText label={texts.secret} text={secret} />
    </div>
  )
}
