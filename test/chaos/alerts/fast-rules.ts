// Owns: the shipped alert rules with time that runs faster: what has to last for minutes has to last for seconds. Counts
// and shares stay as they are.
import { parse } from 'yaml'
import { projectText } from '../../helpers/docs.ts'

export type Rule = { alert: string; expr: string; for?: string; labels: Record<string, string> }
type Rules = { groups: Array<{ name: string; rules: Rule[] }> }

const RULES_FILE = 'docs/monitoring/alerts.yml'
/** Of the rules whose time runs faster, beside the shipped ones in the same Prometheus. */
export const FAST = { pace: 'fast' }
export const SHIPPED = { pace: '' }

export function shippedRules(): Rules {
  return parse(projectText(RULES_FILE))
}

/** `for`, ranges, offsets, and the limits of metrics in seconds, divided by `factor`. */
export function fastRules(factor: number): Rules {
  const shorter = (text: string) => text.replace(/^(\d+)m$/, (_, minutes) => `${(Number(minutes) * 60_000) / factor}ms`)
  const faster = (rule: Rule): Rule => ({
    ...rule,
    expr: rule.expr
      .replaceAll(/\[(\w+)\]/g, (_, range: string) => `[${shorter(range)}]`)
      .replaceAll(/ offset (\w+)/g, (_, range: string) => ` offset ${shorter(range)}`)
      .replaceAll(/(_seconds(?:\{[^}]*\})?\)) > (\d+)/g, (_, metric, limit) => `${metric} > ${Number(limit) / factor}`),
    ...(rule.for === undefined ? {} : { for: shorter(rule.for) }),
    labels: { ...rule.labels, ...FAST },
  })
  const { groups } = shippedRules()
  return { groups: groups.map(({ name, rules }) => ({ name: `${name}-fast`, rules: rules.map(faster) })) }
}
