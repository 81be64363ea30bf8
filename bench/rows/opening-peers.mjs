// Owns: how the peers open a push, each by its own functions and with the checks that it has. A package that is not installed is left out.

export async function peersOpening({ component, require }) {
  const { appId, token, encodingAesKey } = component
  const peers = []
  const xml2js = load(require, 'xml2js')
  if (xml2js === undefined) return peers
  const parse = (text) => new Promise((resolve, reject) => xml2js.parseString(text, { trim: true }, (error, tree) => (error ? reject(error) : resolve(tree))))

  const Cryptor = load(require, 'wechat-crypto')
  if (Cryptor !== undefined) {
    const cryptor = new Cryptor(token, encodingAesKey, appId)
    peers.push({
      // As co-wechat 2 does: outer XML, signature, cipher, inner XML.
      name: 'co-wechat (wechat-crypto + xml2js)',
      async open({ query, body }) {
        const [encrypt] = (await parse(body.toString())).xml.Encrypt
        if (cryptor.getSignature(query.timestamp, query.nonce, encrypt) !== query.msg_signature) throw new Error('signature')
        return (await parse(cryptor.decrypt(encrypt).message)).xml.MsgId[0]
      },
    })
  }

  const encryptorModule = load(require, 'node-easywechat/dist/Core/Encryptor')
  if (encryptorModule !== undefined) {
    const Encryptor = encryptorModule.default ?? encryptorModule
    const encryptor = new Encryptor(appId, token, encodingAesKey, appId)
    peers.push({
      name: 'node-easywechat (Encryptor + xml2js)',
      async open({ query, body }) {
        const [encrypt] = (await parse(body.toString())).xml.Encrypt
        const plaintext = encryptor.decrypt(encrypt, query.msg_signature, query.nonce, query.timestamp)
        return (await parse(plaintext)).xml.MsgId[0]
      },
    })
  }
  return peers
}

function load(require, name) {
  try {
    return require(name)
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
    throw error
  }
}
