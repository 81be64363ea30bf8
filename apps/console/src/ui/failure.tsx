// Owns: the Chinese translation of the fixed English texts with which the gateway explains a failed delivery.
import { useLanguage } from '../texts/language.ts'

/** `$1`: the first group of the pattern, translated as well. */
const IN_CHINESE: ReadonlyArray<readonly [pattern: RegExp, zh: string]> = [
  [/^connection refused$/, '连接被拒绝'],
  [/^connection reset$/, '连接被断开'],
  [/^connection timed out$/, '连接超时'],
  [/^timeout$/, '超时没有应答'],
  [/^interrupted$/, '中断'],
  [/^host unreachable$/, '主机不可达'],
  [/^network unreachable$/, '网络不可达'],
  [/^name not found$/, '域名不存在'],
  [/^name not resolved$/, '域名无法解析'],
  [/^certificate expired$/, '证书已过期'],
  [/^certificate of another host$/, '证书与域名不符'],
  [/^certificate not trusted$/, '证书不受信任'],
  [/^TLS failed$/, 'TLS 握手失败'],
  [/^malformed answer$/, '应答不是合法的 HTTP'],
  [/^network error$/, '网络错误'],
  [/^network error (\S+)$/, '网络错误 $1'],
  [/^store unavailable$/, 'Redis 不可用'],
  [/^no signing secret$/, '没有签名密钥'],
  [/^subscription disabled$/, '订阅已停用'],
  [/^paused, and maxBacklog is reached$/, '订阅已暂停，积压达到 maxBacklog'],
  [/^orderingTimeoutSeconds are over: (.+)$/s, '超过 orderingTimeoutSeconds：$1'],
  [/^reply not read: the status is not 200$/, '没有读到回复：状态不是 200'],
  [/^reply not read: the answer is compressed$/, '没有读到回复：应答被压缩'],
  [/^reply not read: the answer is longer than 64 KiB$/, '没有读到回复：应答超过 64 KiB'],
  [/^reply not read: the answer is not UTF-8$/, '没有读到回复：应答不是 UTF-8'],
  [/^reply not read: the answer is not JSON$/, '没有读到回复：应答不是 JSON'],
  [/^reply not read: the answer has no member reply$/, '没有读到回复：应答里没有 reply'],
  [/^invalid reply$/, '回复内容不合要求'],
]

/** Other texts, such as `HTTP 503`, stay as they are. */
export function useFailure(): (text: string) => string {
  const language = useLanguage()
  return language === 'zh' ? inChinese : (text) => text
}

function inChinese(text: string): string {
  for (const [pattern, zh] of IN_CHINESE) {
    const match = pattern.exec(text)
    if (match) return zh.replace('$1', () => inChinese(match[1] ?? ''))
  }
  return text
}
