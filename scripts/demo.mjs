// Owns: `npm run demo [-- --once]`: a living gateway on this machine, from nothing but Node and npm, and its main story.
import { bootstrap } from './bootstrap.mjs'
import { title } from './demo/print.mjs'

title('WeChat third-party platform gateway: the demo / 微信第三方平台网关演示')
await bootstrap()
// It is made from what was built just now.
await import('./demo/run.mjs')
