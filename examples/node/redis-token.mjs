// An account's access token from Redis, as the read-only user.
//   npm install ioredis
//   REDIS_URL=redis://token-reader:PASSWORD@127.0.0.1:6379 node redis-token.mjs APPID
import { connect } from './connect.mjs'

const { PLATFORM = 'open1' } = process.env
const [appid] = process.argv.slice(2)

const redis = connect()
// null: ask over HTTP, it tells why.
console.log(await redis.get(`wx:{${PLATFORM}}:access_token:${appid}`))
redis.disconnect()
