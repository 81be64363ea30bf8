// Owns: the chart of the last hour, and its sums as text, also for readers who cannot see the chart.
import { useTexts } from '../../texts/language.ts'
import { LineChart, type Curve } from '../../ui/line-chart.tsx'
import { overviewTexts } from './texts.ts'

type Sums = {
  at: string
  pushes: number
  duplicates: number
  delivered: number
  failed: number
  dead: number
  refreshed: number
  refreshFailed: number
}

const STEP_SECONDS = 60

export function HourChart({ items }: { items: readonly Sums[] }) {
  const texts = useTexts(overviewTexts)
  const curve = (name: keyof Omit<Sums, 'at'>, label: string, color: Curve['color']): Curve => ({
    label,
    color,
    values: items.map((sums) => sums[name] / STEP_SECONDS),
  })
  const times = items.map(({ at }) => Date.parse(at) / 1000)
  const sum = (name: keyof Omit<Sums, 'at'>) => items.reduce((total, sums) => total + sums[name], 0)
  const sums = [
    [texts.pushes, sum('pushes')],
    [texts.duplicates, sum('duplicates')],
    [texts.delivered, sum('delivered')],
    [texts.failed, sum('failed')],
    [texts.deadLetters, sum('dead')],
    [texts.refreshed, sum('refreshed')],
    [texts.refreshFailed, sum('refreshFailed')],
  ] as const
  return (
    <>
      <dl className="sums">
        {sums.map(([label, total]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{total.toLocaleString()}</dd>
          </div>
        ))}
      </dl>
      <LineChart
        label={`${texts.hour}, ${texts.perSecond}`}
        timeLabel={texts.time}
        unit={texts.perSecond}
        times={times}
        curves={[
          curve('pushes', texts.pushes, 'info'),
          curve('delivered', texts.delivered, 'good'),
          curve('failed', texts.failed, 'bad'),
          curve('refreshed', texts.refreshed, 'warn'),
        ]}
      />
    </>
  )
}
