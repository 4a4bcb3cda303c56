// The Chinese names of what the server calls by code.

const types: Record<string, string> = {
  consultation: '咨询', help: '求助', complaint: '投诉', report: '举报', suggestion: '建议', praise: '表扬',
}
const statuses: Record<string, string> = {
  accepted: '待分派', dispatched: '待签收', handling: '办理中', answered: '已答复', closed: '已办结', withdrawn: '已撤销',
}
const reasons: Record<string, string> = {
  requested: '要求人工', anger: '情绪激动', not_understood: '没有听懂', roster: '特服名单', emergency: '紧急情况',
  specialist: '专席业务', no_answer: '没有答案', sensitive: '敏感事项', error: '系统故障',
}
const events: Record<string, string> = {
  opened: '受理', dispatched: '派发', signed: '签收', returned: '退回', extended: '延期', replied: '答复', surveyed: '回访',
  reopened: '重办', closed: '办结', withdrawn: '撤单', supplemented: '补充', urged: '催办', overdue: '超期',
}
const roles: Record<string, string> = {
  agent: '坐席', supervisor: '班长', editor: '编辑', reviewer: '审核', handler: '承办人', admin: '管理员', auditor: '审计员',
}
const articleStatuses: Record<string, string> = { draft: '草稿', review: '待审核', published: '已发布', withdrawn: '已撤下' }
const channels: Record<string, string> = { wechat: '微信', webchat: '网页', sms: '短信' }
const deliveries: Record<string, string> = {
  queued: '待发', sending: '发送中', sent: '已发', delivered: '已送达', uncertain: '不确定是否送达', failed: '未送达',
  expired: '已过期', fallback: '改走其他渠道',
}

const from = (table: Record<string, string>) => (code: string) => table[code] ?? code

export const typeName = from(types)
export const statusName = from(statuses)
export const reasonName = from(reasons)
export const eventName = from(events)
export const roleName = from(roles)
export const articleStatusName = from(articleStatuses)
export const channelName = from(channels)
export const deliveryName = from(deliveries)
export const allTypes = Object.keys(types)
export const allStatuses = Object.keys(statuses)
export const allRoles = Object.keys(roles)

// when is a time as people here read it: Beijing time to the minute.
export function when(text: string | undefined): string {
  if (!text) return ''
  const d = new Date(text)
  if (isNaN(d.getTime()) || d.getFullYear() < 2000) return ''
  return d.toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' })
}

// lateness is red past the due time, yellow in the last fifth of the time.
export function lateness(created: string, due: string, now = Date.now()): '' | 'warning' | 'danger' {
  const end = new Date(due).getTime()
  const start = new Date(created).getTime()
  if (isNaN(end) || isNaN(start) || end < 978307200000) return ''
  if (now > end) return 'danger'
  return end - now < (end - start) / 5 ? 'warning' : ''
}
