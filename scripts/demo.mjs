// Owns: `npm run demo [-- --once]`: a running gateway on this machine, with its main story. It needs Node.js and npm only.
import { bootstrap } from './bootstrap.mjs'
import { title } from './demo/print.mjs'
import { readOptions } from './read-options.mjs'

const { values } = readOptions({ options: { once: { type: 'boolean', default: false } } })

title('WeChat third-party platform gateway: the demo / 微信第三方平台网关演示')
await bootstrap()
// Imported after the build, which compiles its imports.
const { runDemo } = await import('./demo/run.mjs')
await runDemo(values)
