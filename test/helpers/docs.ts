// Owns: reading the documentation and the sources as text, for the tests that compare the two.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** A file's text; `path` is relative to the project's root. */
export function projectText(path: string): string {
  return readFileSync(join(PROJECT_ROOT, path), 'utf8')
}

/** Paths of the pages for readers, relative to the root. */
export function pages(): string[] {
  const ofRoot = readdirSync(PROJECT_ROOT).filter((name) => name.endsWith('.md'))
  const ofDocs = readdirSync(join(PROJECT_ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  )
  return [...ofRoot, ...ofDocs.map((name) => join('docs', name)), 'apps/simulator/README.md', 'examples/README.md']
}

/** Paths of the sources of packages and of the two processes, relative to the root. */
export function sources(): string[] {
  return ['packages', 'apps/ingress', 'apps/worker'].flatMap((folder) =>
    readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        (name) =>
          name.endsWith('.ts') && !name.endsWith('.d.ts') && /(^|\/)src\//.test(name) && !name.includes('node_modules'),
      )
      .map((name) => relative(PROJECT_ROOT, join(PROJECT_ROOT, folder, name))),
  )
}

/** What stands in the section under this heading, up to the next heading of the same depth or above. */
export function section(text: string, heading: string): string {
  const depth = heading.indexOf(' ')
  const start = text.indexOf(`\n${heading}\n`)
  if (start < 0) throw new Error(`there is no heading "${heading}"`)
  const body = text.slice(start + heading.length + 2)
  const end = new RegExp(`^#{1,${depth}} `, 'm').exec(body)?.index
  return body.slice(0, end)
}

/** The cells of every row of the tables in `text`, without heads and rules. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  const isRule = (line: string | undefined) => line !== undefined && /^\|[-| :]+\|$/.test(line)
  return lines
    .filter((line, index) => !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** The fenced blocks of one language. */
export function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm)].flatMap(([, found, block]) =>
    found === language && block !== undefined ? [block] : [],
  )
}
