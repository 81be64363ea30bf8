// Owns: that what is offered for copying works: every program in examples/, run against one gateway in every language that is
// here, and the commands of the pages. The recipes print these programs. A language that is missing is skipped, naming its
// packages.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PROJECT_ROOT, projectText } from '../helpers/docs.ts'
import { startGateway } from '../helpers/gateway.ts'
import { runsCommands, runsSnippet } from './commands-story.ts'
import { FORMS, worksOnForm } from './forms-story.ts'
import { buildAll, type Language, LANGUAGES } from './programs.ts'
import { takesFromQueue } from './queue-story.ts'
import { readsStream } from './stream-story.ts'
import { selection } from '../helpers/selection.ts'
import { authorizeAccount, callsWithStandIn, readsTokens } from './tokens-story.ts'
import { takesWebhooks } from './webhook-story.ts'

/** Five runtimes are started and two compilers run, on a busy machine. */
const TIMEOUT_MS = 170_000

void t.test('the programs of examples/', { timeout: TIMEOUT_MS }, async (t) => {
  const folder = t.testdir()
  // Of the returnUrl that the pages show.
  const env = { AUTH_REDIRECT_ORIGINS: 'https://app.example' }
  const [gateway] = await Promise.all([startGateway({ simulator: { attempts: 1 }, env }), buildAll(folder)])
  t.teardown(() => gateway.stop())
  await authorizeAccount(gateway)
  await t.test('the commands of the pages', (t) => runsCommands(t, gateway))
  await t.test('the snippet of the simulator', (t) => runsSnippet(t))
  for (const language of LANGUAGES) {
    const { name, skip } = language
    await t.test(name, { skip, timeout: TIMEOUT_MS }, async (t) => {
      const stage = { gateway, folder, language }
      await t.test('reads the token over HTTP and from Redis', (t) => readsTokens(t, stage))
      await t.test("calls WeChat's API with a stand-in", (t) => callsWithStandIn(t, stage))
      await t.test('stream: takes over what another left, acknowledges, skips what comes again', (t) =>
        readsStream(t, stage),
      )
      await t.test('webhook: checks the signature, replies, skips what comes again', (t) => takesWebhooks(t, stage))
      if (!language.programs.queue) return
      await t.test('queue: replies, skips what comes again', { skip: language.skipQueue ?? false }, (t) =>
        takesFromQueue(t, stage),
      )
    })
  }
  const here = LANGUAGES.filter(({ skip }) => skip === false)
  for (const [index, [name, form]] of Object.entries(FORMS).entries()) {
    const languages = selection(here, { step: 3, offset: index })
    const names = languages.map((language) => language.name).join(', ')
    await t.test(`on ${name}: ${names}`, (t) => worksOnForm(t, { form, folder, languages }))
  }
})

void t.test('there is no other program in examples/, and the recipes print all of them as they are', async (t) => {
  const filesOf = ({ programs, beside = [], notRun = [] }: Language) => [
    ...Object.values(programs),
    ...beside,
    ...notRun,
  ]
  const known = LANGUAGES.flatMap(filesOf)
  const entries = readdirSync(join(PROJECT_ROOT, 'examples'), { recursive: true, encoding: 'utf8' }).map(
    (name) => `examples/${name}`,
  )
  const files = entries.filter((name) => /\.\w+$/.test(name) && !/node_modules|README\.md|package\.json/.test(name))
  t.same(files.toSorted(), known.toSorted())
  for (const language of LANGUAGES) {
    const { name, notRun = [] } = language
    const recipe = projectText(`docs/recipes/${name}.md`)
    const blocks = [...recipe.matchAll(/^```\w*(?: (\S+))?\n([\s\S]*?)^```$/gm)]
    t.same(
      blocks.map(([, path = 'a block of its own']) => path).toSorted(),
      filesOf(language).toSorted(),
      `${name}: nothing else to copy`,
    )
    for (const [, path, text] of blocks)
      if (path !== undefined) t.equal(text, projectText(path), `${path}: npm run docs`)
    t.equal(recipe.includes('from reading'), notRun.length > 0, `${name}: says what is not run`)
  }
})
