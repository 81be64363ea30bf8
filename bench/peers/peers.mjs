// Owns: the packages that the gateway is compared with: how each opens a push with its own functions and checks, and
// how it serves pushes over HTTP. Where a package offers a choice, the cheapest way is used.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** `load` returns the argument of `bind`; `open` the MsgId of a push; `serve` an HTTP server that stores nothing. */
const PEERS = [
  {
    name: 'co-wechat',
    load: () => ({
      wechat: require('co-wechat'),
      Koa: require('koa'),
      Cryptor: require('wechat-crypto'),
      xml2js: require('xml2js'),
    }),
    bind({ wechat, Koa, Cryptor, xml2js }, { appId, token, encodingAesKey }) {
      const cryptor = new Cryptor(token, encodingAesKey, appId)
      const parse = (xml) =>
        new Promise((resolve, reject) =>
          xml2js.parseString(xml, { trim: true }, (error, tree) => (error ? reject(error) : resolve(tree))),
        )
      return {
        // The work of its middleware between body and handler, which cannot be called separately.
        async open({ query, body }) {
          const [encrypt] = (await parse(body.toString())).xml.Encrypt
          if (cryptor.getSignature(query.timestamp, query.nonce, encrypt) !== query.msg_signature)
            throw new Error('signature')
          return (await parse(cryptor.decrypt(encrypt).message)).xml.MsgId[0]
        },
        serve() {
          const app = new Koa()
          // It answers `success` only as an encrypted reply. An empty answer acknowledges, too, and costs less.
          app.use(
            wechat({ token, appid: appId, encodingAESKey: encodingAesKey }).middleware(async (message) =>
              message.MsgId ? '' : undefined,
            ),
          )
          return createServer(app.callback())
        },
      }
    },
  },
  {
    name: 'node-easywechat',
    load: () => ({
      ServerRequest: require('node-easywechat').ServerRequest,
      Encryptor: require('node-easywechat/dist/Core/Encryptor'),
      Message: require('node-easywechat/dist/OfficialAccount/Message'),
      Server: require('node-easywechat/dist/OfficialAccount/Server'),
    }),
    bind({ ServerRequest, Encryptor, Message, Server }, { appId, token, encodingAesKey }) {
      const encryptor = new Encryptor(appId, token, encodingAesKey, appId)
      return {
        async open({ query, body }) {
          const message = await Message.createFromRequest({ getBody: () => body })
          await new Server(null, encryptor).decryptMessage(
            message,
            encryptor,
            query.msg_signature,
            query.timestamp,
            query.nonce,
          )
          return message.MsgId
        },
        serve() {
          return createServer((request, response) => {
            void answer(response, async () => {
              // A new server for each request: a reused one decrypts with the first request's parameters.
              const server = new Server(await ServerRequest.createFromIncomingMessage(request), encryptor)
              return (await server.serve()).getBody()
            })
          })
        },
      }
    },
  },
  {
    name: 'tnwx',
    load: () => ({ ...require('tnwx'), xml2js: require('xml2js') }),
    bind(
      { ApiConfig, ApiConfigKit, CryptoKit, InMsgParser, WeChat, xml2js },
      { appId, appSecret, token, encodingAesKey },
    ) {
      const config = new ApiConfig(appId, appSecret, token, true, encodingAesKey)
      ApiConfigKit.putApiConfig(config)
      ApiConfigKit.setCurrentAppId(appId)
      const adapter = { processInTextMsg: async () => 'success' }
      return {
        // The work of WeChat.handleMsg before it calls the adapter.
        async open({ query, body }) {
          const { xml } = await new Promise((resolve, reject) =>
            xml2js.parseString(body.toString(), { explicitArray: false }, (error, tree) =>
              error ? reject(error) : resolve(tree),
            ),
          )
          return InMsgParser.parse(
            new CryptoKit(config, query.msg_signature, query.timestamp, query.nonce).decryptMsg(xml.Encrypt),
          ).getMsgId
        },
        serve() {
          return createServer((request, response) => {
            void answer(response, async () => {
              const query = new URL(request.url, 'http://localhost').searchParams
              const body = await text(request)
              return WeChat.handleMsg(
                adapter,
                body,
                query.get('msg_signature'),
                query.get('timestamp'),
                query.get('nonce'),
              )
            })
          })
        },
      }
    },
  },
]

/** The installed peers, bound to the component's credentials. Rejects when an installed one cannot be loaded. */
export function installedPeers(component) {
  return PEERS.flatMap(({ name, load, bind }) => {
    const loaded = loadInstalled(load)
    return loaded === undefined ? [] : [{ name, ...bind(loaded, component) }]
  })
}

function loadInstalled(load) {
  try {
    return load()
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

async function answer(response, work) {
  try {
    response.end(await work())
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
}

function text(request) {
  return new Promise((resolve, reject) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.once('end', () => resolve(Buffer.concat(chunks).toString()))
    request.once('error', reject)
  })
}
