// Owns: the texts of docs/configuration.md and .env.example, made from the table of settings.
import { ACTION_MEANINGS } from './action-meanings.ts'
import { type Setting, SETTING_GROUPS } from './settings.ts'

const INTRODUCTION = `<!-- Made by \`npm run docs\` from packages/runtime/src/config/settings.ts; changes here are overwritten. -->

# Configuration

Both processes read the same settings from the environment. A file \`.env\` in the working directory is read too; what the
environment has wins over it. A variable that is empty counts as not set.

A wrong or missing setting stops the start. All problems of single settings are listed at once, by the setting's name, by the line of
\`.env\` or by the place in \`CONFIG_FILE\`; problems between settings are found when each can be read. Values are never shown.

A name that is not in the tables below but begins as one of them does (\`REDIS_…\`, \`WX_…\`), or is close to one, is
probably misspelt. It has no effect, and the line \`process.settings-doubtful\` of the log names it, with the setting
that was probably meant. A name that \`CONFIG_FILE\` asks for by \`\${NAME}\` is not reported, nor are those that
Kubernetes sets for its services.

\`.env\` and the file of every \`…_FILE\` setting are UTF-8, with or without a byte order mark; lines may end as they do on
Windows. Another encoding stops the start. In \`.env\` each line is \`NAME=value\`, \`export NAME=value\`, a comment or empty;
any other line stops the start. A value ends at the end of its line, or at a \`#\` after white space. In quotes (double,
single or backticks) it is taken as it stands, several lines included; in double quotes \`\\n\` is a line break and \`\\"\` a
quote. Nothing is substituted: a \`$\` is a \`$\` (Docker Compose substitutes it in an \`env_file\`, except in single quotes).
Of a name that stands twice the last value counts, and the log says so.

[\`.env.example\`](../.env.example) has every setting with its default. Settings marked 🔒 hold secrets.
`

const CONFIG_FILE = `## CONFIG_FILE

YAML for several platforms, for callers whose rights are narrowed, and for subscriptions. Its platforms and callers stand beside those of
\`WX_*\` and \`API_KEYS\`. A double platform id, component appid, caller name or caller key stops the start, and so does a key
that is not listed here. \`\${NAME}\` inside any text takes the value of a variable, from the environment or \`.env\`; a variable
that is not there is a problem. Every value is read as text: a token of digits needs no quotes.

\`\`\`yaml
platforms:                       # then the WX_* of one platform are not required
  - id: open1
    componentAppid: wx0123456789abcdef
    componentAppsecret: \${OPEN1_SECRET}
    token: \${OPEN1_TOKEN}
    encodingAesKey: \${OPEN1_AES_KEY}
    previousToken: \${OPEN1_OLD_TOKEN}              # optional
    previousEncodingAesKey: \${OPEN1_OLD_AES_KEY}   # optional
    eventLog: true                                 # optional; false: none of its events is kept for /events and replays
subscriptions:                   # optional; see docs/subscriptions.md
  - platform: open1
    name: crm
    match: { types: [wechat.message.*] }
    sink: { kind: webhook, url: https://crm.example/hooks, secret: "\${CRM_HOOK_SECRET}" }   # a webhook's secret is required here
  - { platform: open1, name: audit, match: {}, sink: { kind: queue } }
callers:                         # then API_KEYS is not required
  - name: crm
    key: \${CRM_KEY}              # 32 characters or more
    maxSubscriptions: 200        # left out = 200; how many that this caller created may exist on one platform
    maxConcurrent: 64            # left out = 64, at most 512; calls of WeChat's APIs at once, in each process
    grants:                      # left out = all rights; an empty list = none
      - platforms: [open1]       # left out = all
        authorizers: [wx89abcdef01234567]   # left out = all
        actions: [tokens:read]   # left out = all
      - actions: [api:call]
        apis: ["/cgi-bin/message/*"]   # left out = all; \`*\` is any text, case matters; compared with the path as it came
\`\`\`

A caller may do what any one of its grants allows; callers of \`API_KEYS\` may do everything, and create 200 subscriptions on each
platform. A grant is narrowed when it has \`authorizers\`. \`actions\` left out in a narrowed grant are all that such a grant can
give.

| action | gives |
|---|---|
${Object.entries(ACTION_MEANINGS)
  .map(([action, meaning]) => `| \`${action}\` | ${meaning} |`)
  .join('\n')}

Something that belongs to no authorizer (the platform's own events, a subscription that names none) is beyond every narrowed grant.
What a key may not do is answered \`403 FORBIDDEN\`, the same whether it exists or not.
`

export function generateConfigurationDocs(): string {
  const groups = Object.entries(SETTING_GROUPS).map(([title, settings]) => {
    const rows = settingsOf(settings).map(([name, setting]) => `| ${row(name, setting)} |`)
    return [`## ${title}`, '', '| name | default | unit | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
  })
  return [INTRODUCTION, ...groups, CONFIG_FILE].join('\n')
}

/** Settings with a default are commented out. */
export function generateEnvExample(): string {
  const groups = Object.entries(SETTING_GROUPS).map(([title, settings]) => {
    const entries = settingsOf(settings).map(([name, setting]) => `${comment(setting)}\n${assignment(name, setting)}`)
    return [`## ${title}`, ...entries].join('\n\n')
  })
  return `# Copy to .env. Every setting is explained in docs/configuration.md; this file is made by \`npm run docs\`.\n\n${groups.join('\n\n')}\n`
}

function settingsOf(group: Record<string, Setting<unknown>>): [string, Setting<unknown>][] {
  return Object.entries(group)
}

function row(name: string, setting: Setting<unknown>): string {
  const fallback = setting.defaultText ? `\`${setting.defaultText}\`` : setting.absence
  return [`\`${name}\``, fallback, setting.unit ?? '', `${setting.secret ? '🔒 ' : ''}${setting.description}`].join(
    ' | ',
  )
}

function comment({ description, absence, unit, defaultText }: Setting<unknown>): string {
  const notes = [unit, defaultText || absence === 'none' ? undefined : absence].filter((note) => note !== undefined)
  return `# ${description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`.replaceAll('`', '')
}

function assignment(name: string, { defaultText, absence }: Setting<unknown>): string {
  return absence.startsWith('required unless') ? `${name}=` : `# ${name}=${defaultText ?? ''}`
}
