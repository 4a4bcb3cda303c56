// People, their requests, the special-service list and retention: the staff API
// as these pages use it.

import { call, query, type SentFile } from './api'

const seg = encodeURIComponent

export interface PersonAddress { kind: string; masked: string; proof: string; proved_by: string; proved_at: string }
export interface PersonConsent { purpose: string; wording: string; given: boolean; channel: string; at: string }
export interface PersonJoin { id: string; how: string; by: string; at: string; address: string; separated_at: string; separated_by: string }
export interface PersonConversation { id: string; channel: string; channel_kind: string; region: string; holder: string; created_at: string; last_in_at: string }
export interface PersonTicket {
  number: string; type: string; matter_name: string; region_name: string; department_name: string; status: string
  confidential: boolean; anonymous: boolean; created_at: string
}

export interface DataRequest {
  id: string
  contact_id: string
  kind: 'see' | 'copy' | 'correct' | 'delete'
  channel: string
  note: string
  status: 'open' | 'checked' | 'approved' | 'doing' | 'done' | 'refused'
  created_at: string
  due_at: string
  overdue: boolean
  proof: string
  checked_by: string
  checked_at: string
  approved_by: string
  approved_at: string
  ended_by: string
  ended_at: string
  reason: string
  twofold: boolean
  checked_by_me: boolean
  approved_by_me: boolean
}

export interface PersonView {
  person: { id: string; name: string; lang: string; roster: boolean; opted_out: boolean; sensitive: boolean; created_at: string }
  addresses: PersonAddress[]
  consents: PersonConsent[]
  opt_outs: { group: string; at: string }[]
  joins: PersonJoin[]
  conversations: PersonConversation[]
  tickets: PersonTicket[]
  files: SentFile[]
  requests: DataRequest[]
}

export interface Spoken { id: string; conversation_id: string; channel: string; author: string; kind: string; text: string; at: string }
export interface History { messages: Spoken[]; before: string; id: string }

export interface RosterVersion { id: string; kinds: string[]; rows: number; phones: number; by: string; created_at: string; in_use: boolean }
export interface RosterProgress { running: boolean; check?: boolean; rows?: number; bytes?: number; written?: number; buckets?: number }
export interface RosterReport {
  applied: boolean
  check: boolean
  encoding: string
  rows: number
  bad: number
  expired: number
  removed: number
  kinds: Record<string, number>
  ignored: string[]
  before: number
  phones: number
  errors: { row: number; text: string }[]
}

export const persons = {
  find: (q: { phone: string; number: string; reason: string }) => call<{ id: string }>('POST', '/persons/search', q),
  show: (id: string) => call<PersonView>('GET', `/persons/${seg(id)}`),
  reveal: (id: string, reason: string) => call<{ name: string; addresses: string[] }>('POST', `/persons/${seg(id)}/reveal`, { reason }),
  history: (id: string, before: string, last: string) => call<History>('GET', `/persons/${seg(id)}/messages` + query({ before, id: last })),
  separate: (id: string, join: string) => call<void>('POST', `/persons/${seg(id)}/joins/${seg(join)}/separate`),
  ask: (id: string, kind: string, note: string) => call<DataRequest>('POST', `/persons/${seg(id)}/requests`, { kind, note }),
}

export const requests = {
  list: (state: 'open' | 'ended') => call<{ requests: DataRequest[] }>('GET', '/requests' + query({ state })),
  check: (id: string, how: string) => call<DataRequest>('POST', `/requests/${seg(id)}/check`, { how }),
  approve: (id: string) => call<DataRequest>('POST', `/requests/${seg(id)}/approve`),
  refuse: (id: string, reason: string) => call<DataRequest>('POST', `/requests/${seg(id)}/refuse`, { reason }),
  finish: (id: string, name: string) => call<DataRequest>('POST', `/requests/${seg(id)}/finish`, { name }),
  erase: (id: string) => call<DataRequest>('POST', `/requests/${seg(id)}/delete`),
  link: (id: string) => call<{ secret: string; until: string }>('POST', `/requests/${seg(id)}/link`),
  copy: (id: string, secret: string) => call<Blob>('POST', `/requests/${seg(id)}/copy`, { secret }),
}

export const roster = {
  versions: () => call<{ rosters: RosterVersion[] }>('GET', '/roster'),
  progress: () => call<RosterProgress>('GET', '/roster/progress'),
  // The browser's own type for a csv file depends on what is installed on the machine.
  send: (file: File, mode: string, check: boolean) =>
    call<RosterReport>('POST', '/roster/imports' + query({ mode, check: check ? '1' : undefined }), new Blob([file], { type: 'text/csv' })),
}

export interface RetentionLine { kind: string; deed: string; days: number; before: string; due: number; done: number; held: number; oldest?: string; error?: string }
export interface RetentionReport { id?: string; by: string; by_name?: string; started_at: string; ended_at: string; complete: boolean; lines: RetentionLine[] }
export interface RetentionView { rules: { kind: string; deed: string; days: number }[]; plan: RetentionReport; runs: RetentionReport[] }

export const retention = {
  show: () => call<RetentionView>('GET', '/retention'),
  run: () => call<{ started: boolean }>('POST', '/retention/run', { dry_run: false }),
}

const kept: Record<string, string> = {
  messages: '会话消息', turns: '应答过程', intakes: '受理记录', handoffs: '转人工记录', alerts: '告警', conversations: '会话状态', codes: '验证码',
  sessions: '登录会话', joins: '已撤销的合并', consents: '同意记录', requests: '个人信息申请', files: '附件', 'tickets.consultation': '咨询工单', 'tickets.help': '求助工单',
  'tickets.complaint': '投诉工单', 'tickets.report': '举报工单', 'tickets.suggestion': '建议工单', 'tickets.praise': '表扬工单', 'tickets.untyped': '回电任务',
  'tickets.deletion': '已匿名的工单', contacts: '不再联系的诉求人', audit: '审计记录',
}
const deeds: Record<string, string> = { delete: '删除', anonymise: '隐去个人信息', destroy: '删除并销毁密钥', cut: '截去最早的部分' }
const kinds: Record<string, string> = { see: '查看', copy: '复制', correct: '更正', delete: '删除' }
const states: Record<string, string> = { open: '待核实', checked: '已核实', approved: '已批准', doing: '办理中', done: '已办结', refused: '未同意' }
const proofs: Record<string, string> = { code: '验证码', staff: '人工核实', oauth: '微信授权' }
const addresses: Record<string, string> = { tel: '电话', wechat: '微信', web: '网页' }
const groups: Record<string, string> = { progress: '办理进度', survey: '回访' }
const authors: Record<string, string> = { contact: '诉求人', bot: '机器人', agent: '坐席', system: '系统' }

const from = (table: Record<string, string>) => (code: string) => table[code] ?? code

export const requestKind = from(kinds)
export const requestState = from(states)
export const proofName = from(proofs)
export const addressKind = from(addresses)
export const groupName = from(groups)
export const authorName = from(authors)
export const retentionKind = from(kept)
export const deedName = from(deeds)
export const purposeName = from({ bind: '绑定手机号' })
// contentName stands for what has no words, or no more: a code is wiped once used.
export const contentName = from({ text: '（内容已清除）', image: '（图片）', voice: '（语音）', video: '（视频）', file: '（文件）', location: '（位置）' })
export const allRequestKinds = Object.keys(kinds)
