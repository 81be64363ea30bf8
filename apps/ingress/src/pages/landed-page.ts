// Owns: the landing page after an account has authorized. The account's picture is left out: pages load nothing from
// elsewhere.
import type { Authorizer } from '@wxgw/wechat-core'
import { html } from './html.ts'
import { page } from './layout.ts'
import { permissionSetList } from './permission-sets.ts'
import type { Language } from './visitor.ts'

type Content = {
  language: Language
  appId: string
  profile: Authorizer['profile']
  grantedSets: readonly number[]
  /** Requested by the link, and not granted. */
  missingSets?: readonly number[]
}

const TEXTS = {
  zh: {
    title: '授权成功',
    done: '已完成授权，可以关闭本页。',
    name: '名称',
    principal: '主体',
    kind: '类型',
    miniProgram: '小程序',
    officialAccount: '公众号',
    sets: '权限集',
    none: '无',
    missing: '未授予',
  },
  en: {
    title: 'Authorized',
    done: 'is authorized. You can close this page.',
    name: 'Name',
    principal: 'Principal',
    kind: 'Kind',
    miniProgram: 'Mini program',
    officialAccount: 'Official account',
    sets: 'Permission sets',
    none: 'none',
    missing: 'Not granted',
  },
} as const satisfies Record<Language, Record<string, string>>

export function landedPage({ language, appId, profile, grantedSets, missingSets = [] }: Content): string {
  const texts = TEXTS[language]
  const name = profile?.nick_name || appId
  const missing = permissionSetList(missingSets, language)
  return page({
    language,
    title: `${name} · ${texts.title}`,
    body: html`<h1>${texts.title}</h1>
<p><bdi>${name}</bdi> ${texts.done}</p>
<dl>
<dt>${texts.name}</dt><dd><bdi>${name}</bdi></dd>
${profile?.principal_name ? html`<dt>${texts.principal}</dt><dd><bdi>${profile.principal_name}</bdi></dd>` : undefined}
${profile && html`<dt>${texts.kind}</dt><dd>${profile.isMiniProgram ? texts.miniProgram : texts.officialAccount}</dd>`}
<dt>AppID</dt><dd><code>${appId}</code></dd>
<dt>${texts.sets}</dt><dd>${permissionSetList(grantedSets, language) ?? texts.none}</dd>
${missing && html`<dt>${texts.missing}</dt><dd class="warn">${missing}</dd>`}
</dl>`,
  })
}
