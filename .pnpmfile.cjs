// Owns: what is changed in the manifests of packages that we install.

// The embedded Redis of the demo names Node.js 22 and runs on 20.19 as well: test/scripts/redis.test.ts.
const RUN_ON_NODE_20 = new Set(['js-redis-server', 'lua-redis-wasm'])

function readPackage(manifest) {
  if (RUN_ON_NODE_20.has(manifest.name)) delete manifest.engines
  return manifest
}

module.exports = { hooks: { readPackage } }
