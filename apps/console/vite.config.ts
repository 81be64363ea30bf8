// Owns: the build of the console into dist/site, each file also compressed, and its development server.
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const SITE = 'dist/site'
/** Compression does not pay below this size. */
const MIN_COMPRESSED_BYTES = 1024
/** The internal listener that `npm run console:dev` calls. */
const GATEWAY = process.env['CONSOLE_GATEWAY'] ?? 'http://127.0.0.1:3001'
const OWN_ROUTES = ['/console/session', '/apis', '/catalogue', '/diagnosis', '/audit', '/api-calls', '/readyz']

/** Writes FILE.br and FILE.gz beside each file: the ingress serves these and does not compress itself. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async closeBundle() {
      const names = await readdir(SITE, { recursive: true })
      for (const name of names.filter((each) => /\.(js|css|html|svg)$/.test(each))) {
        const path = join(SITE, name)
        const bytes = await readFile(path)
        if (bytes.length < MIN_COMPRESSED_BYTES) continue
        await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }))
        await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes))
      }
    },
  }
}

export default defineConfig({
  // Relative, so that a proxy may serve it below any path.
  base: './',
  plugins: [react(), compressed()],
  build: {
    outDir: SITE,
    emptyOutDir: true,
    target: 'es2022',
    // No inlined assets: the content security policy allows data: URLs for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
  },
  server: { host: '127.0.0.1', port: 5173, proxy: Object.fromEntries(OWN_ROUTES.map((path) => [path, GATEWAY])) },
})
