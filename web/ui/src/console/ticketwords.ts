// What happens to a ticket, in the words of the trade.

import type { By, Limit, Ticket, TicketEvent, TicketPart } from './api'
import { statusName, typeName, when } from './names'

type Words = Record<string, string>
const from = (table: Words) => (code: string | undefined) => table[code ?? ''] ?? code ?? ''

// What is not in the list of the first form's events.
const events: Words = {
  opened: '受理', dispatched: '派单', signed: '签收', contacted: '联系诉求人', return_asked: '申请退单', return_refused: '不同意退单', returned: '退单',
  extension_asked: '申请延期', extension_refused: '不同意延期', extended: '延期', submitted: '答复送审', reply_refused: '答复退回修改', replied: '答复',
  paused: '暂停计时', resumed: '恢复计时', reminded: '督办', recalculated: '重算时限', assigned: '协办', task_done: '协办完成', merged: '并入',
  voice: '再次反映', linked: '关联事件', classified: '更正要素', written: '致诉求人', transferred: '转交同事', follow_up: '待人工回访', unreached: '回访未联系上',
  attached: '添加附件', surveyed: '回访', reopened: '重办', closed: '办结', withdrawn: '撤单', supplemented: '补充', urged: '催办', overdue: '超期',
}
const steps: Words = {
  reminder: '提醒', urging: '催办', supervision: '督办', interview: '约谈',
  merge: '合并', decide: '派单超时', sign: '签收超时', contact: '联系超时', review: '审核超时', resume: '暂停到期', survey: '回访到期', recall: '收回协办',
}
const tasks: Words = {
  ...steps, follow_up: '回访', review: '复核', urged: '诉求人催办', return_refused: '退单未获同意', extension_refused: '延期未获同意', reply_refused: '答复退回修改',
}
const addressees: Words = { handler: '承办人', head: '单位负责人', management: '主管部门', desk: '热线派单、审核', agent: '热线回访' }
const holds: Words = {
  place: '地点不明确', matter: '事项不明确', owner: '当地没有承办单位', confidence: '分类把握不大', mentions: '诉求提到了本应承办的单位', accused: '被反映单位没有上级', returned: '承办单位退回',
}
const reasons: Words = {
  'the person answered': '诉求人已回复', returned: '退单', dispatched: '重新派单', submitted: '答复送审', merged: '并入', surveyed: '已回访', 'no follow-up': '不需回访',
  'nobody objected in time': '期内无异议', 'called back': '已回电', 'task done': '协办完成', 'the request is over': '工单已结束', 'a year of holidays became known': '公布了节假日安排',
  'same person, matter and place': '同一人、同一事、同一地', 'no channel': '没有联系渠道', 'no answer': '短信未回复', 'the ticket is directed against the department': '诉求反映的就是该单位',
  'the other ticket is over': '原工单已办结',
}
const codes: Words = { duty: '不属本单位职责', area: '不属本辖区', other: '其他' }
const stops: Words = { person: '等待诉求人补充', authority: '等待其他机关' }
const ways: Words = { phone: '电话', message: '留言', visit: '上门', channel: '原渠道' }
const results: Words = {
  reached: '已联系上', unreached: '没有联系上', solved: '已解决', partly: '部分解决', unsolved: '未解决', policy: '政策解释', closed: '已办结', withdrawn: '已撤销', recalled: '已收回',
}
const proposals: Words = { matter: '事项的主办单位', co_owner: '事项的协办单位', superior: '原承办单位的上级', above: '被反映单位的上级' }

export const lifeName = from(events)
export const stepName = from(steps)
export const taskName = from(tasks)
export const addresseeName = from(addressees)
export const holdName = from(holds)
export const codeName = from(codes)
export const stopName = from(stops)
export const wayName = from(ways)
export const resultWords = from(results)
export const proposalName = from(proposals)
export const reasonWords = from(reasons)
export const allSteps = ['reminder', 'urging', 'supervision', 'interview'].map((s) => stepName(s))
// stepCode is the name by which the house knows a step that people call so.
export const stepCode = (words: string): string => Object.keys(steps).find((code) => steps[code] === words) ?? words
export const allCodes = Object.keys(codes)
export const allResults = ['solved', 'partly', 'unsolved', 'policy']

const unsolved: Words = { yes: '已解决', no: '没有解决' }
const unhappy: Words = { yes: '满意', no: '不满意' }

// told is what people want to know of an entry of the log, part by part; the rest
// of its data is for machines.
export function told(e: Pick<TicketEvent, 'kind' | 'data' | 'at'>): string {
  const d = e.data ?? {}
  const until = (key: string, words: string) => (d[key] ? `${words} ${when(d[key])}` : '')
  const parts = parting[e.kind]?.(d, until, e) ?? [reasonWords(d.reason), d.text]
  return parts.filter(Boolean).join(' · ')
}

type Data = Words
type Until = (key: string, words: string) => string
type Parts = (d: Data, until: Until, e: Pick<TicketEvent, 'at'>) => (string | undefined)[]

const asked: Parts = (d, until) => [
  d.code && codeName(d.code), reasonWords(d.reason), d.basis && '依据：' + d.basis, d.decider === 'management' && '由管理层决定', until('review_by', '审核限'),
].map((p) => p || '')

const parting: Record<string, Parts> = {
  opened: (d, until) => [d.type && typeName(d.type), until('due', '办结限'), d.hold && '待派单：' + holdName(d.hold)],
  dispatched: (d, until) => [d.name, reasonWords(d.reason), until('sign_by', '签收限'), until('contact_by', '联系限')],
  signed: (d, _until, e) => [late(d.limit, e.at)],
  contacted: (d, _until, e) => [resultWords(d.result), wayName(d.how), d.note, late(d.limit, e.at)],
  return_asked: asked,
  returned: (d) => [d.code && codeName(d.code), reasonWords(d.reason)],
  extension_asked: (d, until) => [until('due', '到'), reasonWords(d.reason), until('review_by', '审核限')],
  extended: (d, until) => [until('was', '由'), until('due', '延至'), reasonWords(d.reason)],
  submitted: (d, until) => [d.text, resultWords(d.result), unwaited(d), until('review_by', '审核限')],
  reply_refused: (d, until) => [d.reason, until('due', '办结限')],
  replied: (d) => [d.text, resultWords(d.result), d.direct === 'yes' ? '热线直接答复' : '', unwaited(d)],
  paused: (d, until) => [stopName(d.reason), d.text, until('until', '最晚到')],
  resumed: (d, until) => [reasonWords(d.reason), until('due', '办结限')],
  reminded: (d) => [stepName(d.step), d.to && '送' + addresseeName(d.to), reasonWords(d.reason)],
  recalculated: (d, until) => [until('was', '由'), until('due', '改为'), reasonWords(d.reason)],
  assigned: (d) => [d.name, d.reason],
  task_done: (d) => [d.name, d.text, resultWords(d.result)],
  merged: (d) => [d.into && '工单 ' + d.into, reasonWords(d.reason)],
  voice: (d) => [d.from && '来自工单 ' + d.from],
  linked: (d) => [d.incident ? '并入事件' : '移出事件', d.reason],
  classified: (d) => [d.title, d.type && typeName(d.type), d.rule && `规定时限 ${codedLimit(d.rule)}，告知诉求人的时限不变`, d.reason],
  transferred: (d) => [d.handler_name ?? '', d.reason],
  attached: (d) => [d.file_name, d.internal === 'yes' ? '内部使用' : '随答复给诉求人'],
  unreached: (d) => [wayName(d.how), d.reason, d.attempt && `第 ${d.attempt} 次`, d.last === 'yes' ? '不再回访' : ''],
  surveyed: (d) => [unsolved[d.solved ?? ''], unhappy[d.satisfied ?? ''], d.reason, wayName(d.method)],
  reopened: (d, until) => [d.reason, until('due', '办结限')],
  overdue: (_d, until) => [until('due', '应于')],
  urged: (d) => [d.reason, d.again === 'yes' ? '多次催办' : ''],
}

const unwaited = (d: Data) => (d.anyway === 'yes' ? '不等协办：' + (d.reason ?? '') : '')

// codedLimit says a limit as the log writes it: 3d, 4h of working time, 24h! on the
// clock.
export function codedLimit(code: string): string {
  const [, n, unit] = /^(\d+)(d\+?|h!?)$/.exec(code) ?? []
  if (!n || !unit) return code
  return limitWords(unit.startsWith('d') ? { days: Number(n) } : { hours: Number(n), on_clock: unit === 'h!' })
}

const sides: Record<By['side'], string> = { person: '诉求人', bot: '智能客服', system: '系统', hotline: '12345热线', department: '承办单位', token: '其他系统', staff: '工作人员' }

// byWords says who did something: of a colleague the name, of everybody else the
// department.
export function byWords(b: By | undefined): string {
  if (!b) return ''
  const side = b.department || sides[b.side]
  return b.name ? `${side} ${b.name}` : side
}

function late(limit: string | undefined, at: string): string {
  return limit && new Date(at) > new Date(limit) ? '迟于 ' + when(limit) : ''
}

const hourMs = 3600_000

// span is a time's length in words, as roughly as people speak of it.
export function span(ms: number): string {
  const hours = Math.floor(ms / hourMs)
  if (hours >= 48) return `${Math.floor(hours / 24)} 天`
  if (hours >= 1) return `${hours} 小时`
  return `${Math.max(1, Math.ceil(ms / 60_000))} 分钟`
}

export type Clocked = Pick<Ticket, 'status' | 'due_at' | 'pending'> & { clock: Pick<Ticket['clock'], 'paused'> }

const running = ['accepted', 'dispatched', 'handling']

// clockWords says in words how a ticket stands with its limit, now.
export function clockWords(t: Clocked, now = Date.now()): string {
  if (!running.includes(t.status)) return statusName(t.status)
  if (t.clock.paused) return '已暂停：' + stopName(t.clock.paused)
  if (t.pending === 'reply') return '送审中，不计时'
  const due = new Date(t.due_at).getTime()
  if (!(due > 0)) return ''
  return now > due ? `已超期 ${span(now - due)}` : `还剩 ${span(due - now)}`
}

const lights: Words = { green: '绿', yellow: '黄', red: '红' }

// lightName is the word that goes with the colour, so that nobody needs the colour.
// What is over has none.
export const lightName = (t: Pick<Ticket, 'status' | 'light'>): string => (running.includes(t.status) ? (lights[t.light] ?? '') : '')

export const lightKind = (light: string | undefined): 'danger' | 'warning' | 'success' =>
  light === 'red' ? 'danger' : light === 'yellow' ? 'warning' : 'success'

const linking: Words = { repeat_of: '重复于', merged_into: '已并入', parent: '主办工单', voice: '再次反映', incident: '所属事件' }
const pendings: Words = { return: '退单待审核', extension: '延期待审核', reply: '答复待审核' }
const states: Words = { found: '待核实', open: '已公布', answered: '正在答复', closed: '已结束' }
export const linkName = from(linking)
export const pendingName = from(pendings)
export const incidentState = from(states)

// limitWords says a limit as people do.
export function limitWords(l: Limit | undefined): string {
  if (!l || (!l.days && !l.hours)) return '不限'
  return l.days ? `${l.days} 个工作日` : `${l.hours} ${l.on_clock ? '小时' : '个工作小时'}`
}

// waiting are the parts of a request that other departments have not answered yet.
export function waiting(t: Pick<Ticket, 'status' | 'tasks'>): TicketPart[] {
  return running.includes(t.status) ? (t.tasks ?? []).filter((p) => running.includes(p.status)) : []
}

// countWords is how many there are in a view, as far as they are counted.
export const countWords = (n: number): string => (n >= 100 ? '99+' : String(n))

// answerWords is what the person will read when an answer goes out; the sentence
// is that of the house's book of prompts.
export function answerWords(t: Pick<Ticket, 'number' | 'department_name'>, text: string): string {
  return `工单编号：${t.number}，${t.department_name || '部门'}答复：${text}`
}
