// Owns: the texts of the diagnosis.
import { dictionary } from '../../texts/language.ts'

export const diagnosisTexts = dictionary(
  {
    lead: '网关逐项检查自己：有问题的在前，并说明怎么处理。',
    again: '重新检查',
    checks: '检查项',
    check: '检查',
    result: '结果',
    found: '发现',
    whatToDo: '怎么处理',
    status: { ok: '正常', warning: '提醒', problem: '有问题' },
    refused: '最近一小时拒绝的推送',
    code: '错误码',
    count: '次数',
    last: '最近一次',
    address: '来源地址',
    noneRefused: '没有拒绝任何推送。',
  },
  {
    lead: 'The gateway checks itself. Problems come first, each with what to do.',
    again: 'Check again',
    checks: 'Checks',
    check: 'Check',
    result: 'Result',
    found: 'Found',
    whatToDo: 'What to do',
    status: { ok: 'OK', warning: 'Warning', problem: 'Problem' },
    refused: 'Pushes refused in the last hour',
    code: 'Code',
    count: 'Count',
    last: 'Last one',
    address: 'From',
    noneRefused: 'No push was refused.',
  },
)
