// Owns: how the landing page looks once an account has authorized. Without its picture: nothing is loaded from elsewhere.
import type { Authorizer } from '@wxgw/wechat-core'
import { html } from './html.ts'
import { page } from './layout.ts'

type Content = { appId: string; profile: Authorizer['profile']; permissions: number }

export function landedPage({ appId, profile, permissions }: Content): string {
  const name = profile?.nick_name || appId
  const kind = profile === undefined ? undefined : profile.isMiniProgram ? '小程序 Mini program' : '公众号 Official account'
  return page({
    title: `${name} 授权成功 · Authorized`,
    body: html`<h1>授权成功</h1>
<p>「${name}」已完成授权，可以关闭本页。</p>
<p class="en" lang="en"><bdi>${name}</bdi> is authorized. You can close this page.</p>
<dl>
<dt>名称 <span lang="en">Name</span></dt><dd><bdi>${name}</bdi></dd>
${profile?.principal_name ? html`<dt>主体 <span lang="en">Principal</span></dt><dd><bdi>${profile.principal_name}</bdi></dd>` : undefined}
${kind === undefined ? undefined : html`<dt>类型 <span lang="en">Kind</span></dt><dd>${kind}</dd>`}
<dt>AppID</dt><dd><code>${appId}</code></dd>
<dt>权限集 <span lang="en">Permission sets</span></dt><dd>${permissions}</dd>
</dl>`,
  })
}
