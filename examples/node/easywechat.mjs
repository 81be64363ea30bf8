// WeChat's APIs with node-easywechat 3: the gateway as its host, a stand-in as its token.
//   npm install node-easywechat node-socialite@1.4.1
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... node easywechat.mjs APPID OPENID
import { OfficialAccount } from 'node-easywechat'
import { createStandIn, hostOf } from './stand-in.mjs'

const [appid, openid] = process.argv.slice(2)
const standIn = createStandIn(appid)

// MiniApp is made in the same way. The secret is never used: it is the token's provider that would.
const app = new OfficialAccount({ app_id: appid, secret: 'none', http: { baseURL: hostOf(appid) } })
app.setAccessToken({ getToken: standIn.get, toQuery: async () => ({ access_token: await standIn.get() }) })

// The gateway's own refusals are no answers of WeChat's: the SDK would read one as a success.
app
  .getHttpClient()
  .getInstance()
  .interceptors.response.use((response) => {
    const code = response.headers['x-gateway-error']
    if (response.status === 401) standIn.drop()
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${response.data.message}`), { code })
    return response
  })

const user = await app.getClient().get('cgi-bin/user/info', { params: { openid } })
console.log(user.toJson())
