// Owns: the table of figures.

export function formatTable(rows) {
  const header = ['', 'row', 'median', 'range', 'unit', 'goal', 'detail']
  const lines = rows.map(({ ok, row, value, runs, unit, goal, detail }) => {
    return [
      ok === null ? ' ' : ok ? '✓' : '✗',
      row,
      text(value),
      runs.length > 1 ? `${text(Math.min(...runs))}–${text(Math.max(...runs))}` : '',
      unit,
      goal,
      details(detail),
    ]
  })
  const widths = header.map((_, column) =>
    Math.max(...[header, ...lines].slice(0).map((line) => (column === 6 ? 0 : line[column].length))),
  )
  return [header, widths.map((width) => '-'.repeat(width)), ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function details(detail) {
  return Object.entries(detail)
    .map(([name, value]) =>
      typeof value === 'object' && value !== null ? `${name}: ${details(value)}` : `${name} ${text(value)}`,
    )
    .join(', ')
}

function text(value) {
  if (typeof value !== 'number') return String(value)
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(6)))
}
