// Owns: the headers of a page: its type and language, and a Vary header against caches that mix languages.
import type { FastifyReply } from 'fastify'
import type { Language } from './visitor.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The route answers pages, errors included, unless JSON is asked for. Other routes answer pages to browsers only.
     */
    isPage?: boolean
    /** The URL to start the authorization again, relative to the page. */
    wayBack?: (params: Readonly<Record<string, string>>, query: string) => string
  }
}

export function sendPage(reply: FastifyReply, language: Language, markup: string): FastifyReply {
  return asPage(reply, language).send(markup)
}

export function asPage(reply: FastifyReply, language: Language): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-language', language === 'zh' ? 'zh-CN' : 'en')
    .header('vary', 'accept-language, user-agent')
}
