import { describe, expect, it } from 'vitest'
import { answerWords, clockWords, lightName, limitWords, span, told } from './ticketwords'

const hour = 3600_000
const now = Date.parse('2026-11-02T09:00:00+08:00')
const ticket = (more: object) => ({ status: 'handling', due_at: '2026-11-02T14:30:00+08:00', pending: '' as const, clock: { paused: '' }, ...more })

describe('the clock in words', () => {
  const cases: [string, object, string][] = [
    ['time is left', {}, '还剩 5 小时'],
    ['days are left', { due_at: '2026-11-09T17:30:00+08:00' }, '还剩 7 天'],
    ['minutes are left', { due_at: '2026-11-02T09:20:00+08:00' }, '还剩 20 分钟'],
    ['it is over', { due_at: '2026-11-02T07:00:00+08:00' }, '已超期 2 小时'],
    ['it stands', { clock: { paused: 'person' } }, '已暂停：等待诉求人补充'],
    ['the hotline looks at the answer', { pending: 'reply', due_at: '2026-11-02T07:00:00+08:00' }, '送审中，不计时'],
    ['the ticket is over', { status: 'closed' }, '已办结'],
  ]
  for (const [name, more, words] of cases) it(name, () => expect(clockWords(ticket(more), now)).toBe(words))
})

it('never says that nothing is left', () => expect(span(0)).toBe('1 分钟'))
it('gives each colour a word', () => expect((['yellow', 'red', 'green'] as const).map((light) => lightName({ status: 'handling', light }))).toEqual(['黄', '红', '绿']))
it('gives what is over no colour', () => expect(lightName({ status: 'closed', light: 'red' })).toBe(''))
it('says limits as people do', () => expect([limitWords({ days: 5 }), limitWords({ hours: 24, on_clock: true }), limitWords({ hours: 4 }), limitWords({})]).toEqual(['5 个工作日', '24 小时', '4 个工作小时', '不限']))
it('shows the answer as it is sent', () => expect(answerWords({ number: '1', department_name: '' }, '好')).toBe('工单编号：1，部门答复：好'))

describe('the log in words', () => {
  const at = '2026-11-02T09:00:00+08:00'
  it('says why and by which rule a return is asked', () => {
    const words = told({ kind: 'return_asked', at, data: { code: 'area', reason: '在平房区', basis: '三定方案第二条', decider: 'management' } })
    expect(words).toBe('不属本辖区 · 在平房区 · 依据：三定方案第二条 · 由管理层决定')
  })
  it('says that a signature came late', () =>
    expect(told({ kind: 'signed', at, data: { limit: new Date(now - hour).toISOString() } })).toContain('迟于'))
  it('keeps words and times apart', () =>
    expect(told({ kind: 'extended', at, data: { was: at, due: '2026-11-05T18:00:00+08:00' } })).toBe('由 11/2 09:00 · 延至 11/5 18:00'))
  it('shows no codes of machines', () =>
    expect(told({ kind: 'reminded', at, data: { step: 'urging', to: 'handler', department: 'd-230100-1' } })).toBe('催办 · 送承办人'))
})
