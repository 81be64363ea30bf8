// Owns: the choice of one status among those of a list, or of all.
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Choice } from './form.tsx'

type Status = keyof (typeof consoleTexts)['zh']['status']
/** `value`: '' = all. */
type StatusChoiceProps = { statuses: readonly Status[]; value: string; onChange(status: string): void }

export function StatusChoice({ statuses, value, onChange }: StatusChoiceProps) {
  const all = useTexts(consoleTexts)
  const options = statuses.map((status) => [status, all.status[status]] as const)
  return <Choice value={value} onChange={onChange} options={[['', all.all], ...options]} />
}
