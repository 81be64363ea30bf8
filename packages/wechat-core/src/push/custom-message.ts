// Owns: a passive reply as a customer service message (客服消息), for when WeChat no longer waits for the reply.
import type { PassiveReply } from './passive-reply.ts'

/**
 * The body of message/custom/send; undefined when no such message exists (transfer_customer_service, a raw document).
 * @see https://developers.weixin.qq.com/doc/subscription/api/customer/message/api_sendcustommessage.html
 */
export function customMessage(reply: PassiveReply, openId: string): Record<string, unknown> | undefined {
  if ('raw' in reply) return undefined
  const content = contentOf(reply)
  return content && { touser: openId, msgtype: reply.MsgType, [reply.MsgType]: content }
}

function contentOf(reply: Exclude<PassiveReply, { raw: string }>): Record<string, unknown> | undefined {
  switch (reply.MsgType) {
    case 'text':
      return { content: reply.Content }
    case 'image':
      return { media_id: reply.Image.MediaId }
    case 'voice':
      return { media_id: reply.Voice.MediaId }
    case 'video': {
      const { MediaId, Title, Description } = reply.Video
      return { media_id: MediaId, ...present({ title: Title, description: Description }) }
    }
    case 'music': {
      const { Title, Description, MusicUrl, HQMusicUrl, ThumbMediaId } = reply.Music
      const links = { title: Title, description: Description, musicurl: MusicUrl, hqmusicurl: HQMusicUrl }
      return { ...present(links), thumb_media_id: ThumbMediaId }
    }
    case 'news':
      return {
        articles: reply.Articles.map(({ Title, Description, Url, PicUrl }) => ({
          ...present({ title: Title, description: Description, url: Url, picurl: PicUrl }),
        })),
      }
    case 'transfer_customer_service':
      return undefined
    default:
      return reply satisfies never
  }
}

function present(fields: Record<string, string | undefined>): Record<string, string> {
  const known: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) known[name] = value
  return known
}
