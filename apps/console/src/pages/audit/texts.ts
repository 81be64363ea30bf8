// Owns: the texts of the audit log.
import { dictionary } from '../../texts/language.ts'

export const auditTexts = dictionary(
  {
    lead: '谁在什么时候做了什么：最近 10,000 条。',
    caller: '调用方',
    action: '权限',
    authorizer: '账号（AppID）',
    from: '从',
    to: '到',
    at: '时间',
    did: '请求',
    about: '对象',
    outcome: '结果',
    by: { key: '密钥', session: '控制台' },
    times: (n: number) => `${n} 次`,
    unknownCaller: '未知的密钥',
    none: '没有符合条件的记录。',
  },
  {
    lead: 'Who did what, and when: the last 10,000 entries.',
    caller: 'Caller',
    action: 'Action',
    authorizer: 'Account (appid)',
    from: 'From',
    to: 'To',
    at: 'When',
    did: 'Request',
    about: 'About',
    outcome: 'Outcome',
    by: { key: 'key', session: 'console' },
    times: (n: number) => `${n} times`,
    unknownCaller: 'Unknown key',
    none: 'No entry fits.',
  },
)
