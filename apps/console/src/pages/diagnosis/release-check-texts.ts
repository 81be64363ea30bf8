// Owns: the texts of the release check. Its steps are those of `npm run wxgw -- release-check`.
import { dictionary } from '../../texts/language.ts'

type Step = { what: string; when: string }

export const releaseCheckTexts = dictionary<{ title: string; lead: string; foot: string; steps: readonly Step[] }>(
  {
    title: '全网发布检测',
    lead: '提交全网发布之前，用这条命令把微信的检测完整走一遍。它使用部署自己的密钥，不改动任何数据。',
    steps: [
      {
        what: '两个 URL 可以访问',
        when: '授权事件接收 URL、消息与事件接收 URL。失败：检查 DNS、证书、代理和 PUBLIC_PORT。',
      },
      {
        what: 'Token 与 EncodingAESKey 一致',
        when: '失败（SIGNATURE_MISMATCH、MALFORMED_PUSH）：核对 WX_TOKEN 与 WX_ENCODING_AES_KEY。',
      },
      { what: 'component_verify_ticket 推送得到 success', when: '失败：查看 /readyz，Redis 是否可写。' },
      {
        what: '文本消息 TESTCOMPONENT_MSG_TYPE_TEXT 得到规定的被动回复',
        when: '网关自动应答检测账号的消息，无需订阅。',
      },
      {
        what: 'QUERY_AUTH_CODE 先得到空应答，再用客服消息接口回复',
        when: '客服消息需要工作进程；只在加 --api-port 时完整检测。',
      },
      { what: 'LOCATION 事件得到 LOCATIONfrom_callback', when: '失败：代理是否改动了应答。' },
    ],
    foot: '通过后再在开放平台提交“全网发布”。微信只看第一次应答，5 秒内必须返回。',
  },
  {
    title: 'Release check (全网发布检测)',
    lead: "Run WeChat's complete check with this command before you submit the platform. It uses the deployment's own keys and changes no data.",
    steps: [
      {
        what: 'Both URLs can be reached',
        when: 'The URLs of authorization events and of messages. If not: check DNS, certificate, proxy, PUBLIC_PORT.',
      },
      {
        what: 'Token and EncodingAESKey are the same',
        when: 'If not (SIGNATURE_MISMATCH, MALFORMED_PUSH): compare WX_TOKEN and WX_ENCODING_AES_KEY.',
      },
      {
        what: 'A component_verify_ticket is answered success',
        when: 'If not: check /readyz, and that Redis takes writes.',
      },
      {
        what: 'The text TESTCOMPONENT_MSG_TYPE_TEXT gets its passive reply',
        when: 'The gateway answers the accounts of the check itself, without a subscription.',
      },
      {
        what: 'QUERY_AUTH_CODE gets an empty answer, then a customer service message',
        when: 'The message needs a worker. It is checked only with --api-port.',
      },
      {
        what: 'The event LOCATION gets LOCATIONfrom_callback',
        when: 'If not: check whether a proxy changes the answer.',
      },
    ],
    foot: 'Submit the platform when all steps pass. WeChat takes only the first answer, which must come within 5 s.',
  },
)
