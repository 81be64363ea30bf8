// Owns: the select of one status of a list, or of all.
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Select } from './form.tsx'

type Status = keyof (typeof consoleTexts)['zh']['status']
/** `value` '': all. */
type StatusSelectProps = { statuses: readonly Status[]; value: string; onChange(status: string): void }

export function StatusSelect({ statuses, value, onChange }: StatusSelectProps) {
  const common = useTexts(consoleTexts)
  const options = statuses.map((status) => [status, common.status[status]] as const)
  return <Select<string> value={value} onChange={onChange} options={[['', common.all], ...options]} />
}
