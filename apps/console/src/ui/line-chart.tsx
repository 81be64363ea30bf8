// Owns: a line chart over time, drawn by uPlot in the colours of the theme.
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { HTML_LANG, useLanguage } from '../texts/language.ts'

export type Curve = { label: string; color: 'good' | 'bad' | 'warn' | 'info'; values: readonly number[] }

type Props = { label: string; timeLabel: string; unit: string; times: readonly number[]; curves: readonly Curve[] }

const HEIGHT = 220

export function LineChart({ label, timeLabel, unit, times, curves }: Props) {
  const container = useRef<HTMLDivElement>(null)
  const language = useLanguage()
  useEffect(() => {
    const element = container.current
    if (!element) return undefined
    const draw = () => plot(element, { timeLabel, unit, times, curves, language: HTML_LANG[language] })
    let chart = draw()
    // A canvas keeps its colours: redraw it when the theme changes.
    const redraw = () => {
      chart.destroy()
      chart = draw()
    }
    const theme = new MutationObserver(redraw)
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['theme-mode'] })
    const size = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }))
    size.observe(element)
    return () => {
      theme.disconnect()
      size.disconnect()
      chart.destroy()
    }
  }, [timeLabel, unit, times, curves, language])
  return <div ref={container} className="chart" role="img" aria-label={label} />
}

type PlotProps = Omit<Props, 'label'> & { language: string }

function plot(element: HTMLElement, { timeLabel, unit, times, curves, language }: PlotProps): UPlot {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis = {
    stroke: color('muted'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { stroke: color('line'), width: 1 },
  }
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hour12: false })
  const asTime = (seconds: number) => clock.format(seconds * 1000)
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 })
  const options: UPlot.Options = {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { drag: { setScale: false } },
    axes: [
      { ...axis, values: (_, splits) => splits.map(asTime) },
      { ...axis, values: (_, splits) => splits.map((value) => number.format(value)), size: 56 },
    ],
    scales: { y: { range: (_, _min, max) => [0, Math.max(max * 1.1, 0.02)] } },
    series: [
      { label: timeLabel, value: (_, seconds: number | null) => (seconds === null ? '–' : asTime(seconds)) },
      ...curves.map((curve) => ({
        label: curve.label,
        stroke: color(curve.color),
        width: 2,
        points: { show: false },
        value: (_: UPlot, value: number | null) => (value === null ? '–' : `${number.format(value)} ${unit}`),
      })),
    ],
  }
  return new UPlot(options, [[...times], ...curves.map(({ values }) => [...values])], element)
}
