// The Chinese names of what the server calls by code.

const types: Record<string, string> = {
  consultation: '咨询', help: '求助', complaint: '投诉', report: '举报', suggestion: '建议', praise: '表扬',
}
const statuses: Record<string, string> = {
  accepted: '待派单', dispatched: '待签收', handling: '办理中', answered: '已答复', closed: '已办结', withdrawn: '已撤销',
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
  agent: '坐席', supervisor: '班长', editor: '编辑', reviewer: '审核', handler: '承办人', admin: '管理员', security: '安全管理员', auditor: '审计员',
}
const actions: Record<string, string> = {
  catalogue: '查看目录', search: '检索知识库', 'ticket.view': '查看工单', 'ticket.open': '建立工单', 'ticket.handle': '办理工单',
  'ticket.dispatch': '分派工单', 'article.view': '查看知识点', 'article.publish': '发布知识点', audit: '查看审计', 'audit.export': '导出审计',
  'ticket.attach': '添加附件', personal: '查看个人信息', 'personal.reporter': '查看举报人信息',
  'ticket.desk': '中心办理工单', 'ticket.review': '审核工单申请', followup: '回访', papers: '督办文书', figures: '查看办理统计',
  'incidents.view': '查看群体事件', incidents: '发布和答复群体事件', 'rules.view': '查看督办规则', rules: '修改督办规则', calendar: '导入节假日',
  files: '打开附件', persons: '查找诉求人', 'persons.separate': '撤销合并', requests: '受理个人信息申请', 'requests.approve': '批准个人信息申请',
  'catalogue.history': '查看目录版本', 'catalogue.edit': '编辑目录', 'catalogue.force': '启用目录', roster: '导入特服名单',
  retention: '查看保存期限', 'retention.run': '清理到期数据', 'accounts.view': '查看账号', accounts: '管理账号', roles: '管理角色', tokens: '管理令牌',
}
// What the record calls by code.
const audits: Record<string, string> = {
  login: '登录', 'login.first': '登录（第一步）', logout: '退出', reauth: '再次确认身份', 'audit.anchors': '核对锚点', 'keys.forget': '移除旧根密钥', password: '修改密码', denied: '越权被拒', view: '查看',
  'account.create': '建立账号', 'account.rename': '改名', 'account.roles': '修改角色', 'account.reset': '重置密码', 'account.disable': '停用账号',
  'account.enable': '启用账号', 'second.offer': '生成动态验证码', 'second.confirm': '启用动态验证码', 'second.remove': '移除动态验证码',
  'catalogue.begin': '建立目录草稿', 'catalogue.edit': '修改目录草稿', 'catalogue.drop': '放弃目录草稿', 'catalogue.import': '导入目录', 'catalogue.force': '启用目录',
  'token.create': '建立令牌', 'token.revoke': '撤销令牌', 'audit.verify': '校验审计', 'audit.export': '导出审计',
  'handoff.accept': '接入会话', 'handoff.return': '退回机器人', 'handoff.close': '结束会话', 'conversation.say': '坐席发言', 'alert.seen': '处置告警',
  'ticket.open': '建立工单', 'ticket.attach': '添加附件', 'ticket.sign': '签收工单', 'ticket.contacted': '联系诉求人', 'ticket.message': '给诉求人留言', 'ticket.pause': '暂停计时',
  'ticket.resume': '恢复计时', 'ticket.return': '申请退回工单', 'ticket.return.accept': '同意退回', 'ticket.return.refuse': '不同意退回',
  'ticket.extend': '申请延期', 'ticket.extend.approve': '同意延期', 'ticket.extend.refuse': '不同意延期', 'ticket.reply': '答复工单',
  'ticket.reply.approve': '审核通过答复', 'ticket.reply.back': '退改答复', 'ticket.transfer': '转交经办人', 'ticket.dispatch': '分派工单',
  'ticket.classify': '更正工单要素', 'ticket.tasks': '指派协办', 'ticket.merge': '并入工单', 'ticket.link': '关联工单', 'ticket.answer': '直接答复',
  'ticket.close': '办结工单', 'ticket.reopen': '重办工单', 'ticket.urge': '催办', 'ticket.supplement': '补充诉求', 'ticket.withdraw': '撤销工单',
  'ticket.survey': '记录回访', 'ticket.unreached': '回访未接通', 'paper.done': '办结文书', 'template.save': '保存答复模板', 'template.drop': '删除答复模板',
  'incident.announce': '发布群体事件', 'incident.attach': '并入群体事件', 'incident.answer': '统一答复', 'incident.dismiss': '解除群体事件',
  'calendar.import': '导入节假日', 'retention.plan': '试算到期数据', 'retention.run': '清理到期数据', 'audit.cut': '归档截断审计',
  'presence.online': '上线', 'presence.busy': '置忙', 'presence.away': '离开', 'presence.offline': '下线',
  'person.search': '查找诉求人', reveal: '显示姓名和号码', 'contact.separated': '撤销合并', 'contact.exported': '导出个人信息', 'contact.deleted': '删除个人信息',
  'request.opened': '收到个人信息申请', 'request.entered': '登记个人信息申请', 'request.checked': '核实申请人', 'request.approved': '批准申请', 'request.refused': '不同意申请',
  'request.begun': '开始办理申请', 'request.failed': '办理申请未成', 'request.done': '办结申请', 'request.link': '生成副本链接',
  'roster.checked': '试读特服名单', 'roster.imported': '导入特服名单', 'roster.looked': '查询特服名单',
}
const results: Record<string, string> = {
  ok: '成功', failed: '失败', locked: '失败并锁定', 'locked out': '锁定中', disabled: '账号已停用', unknown: '无此账号', denied: '拒绝',
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
export const actionName = from(actions)
export const auditName = from(audits)
export const resultName = from(results)
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

// whenYear is the same with the year, for what may lie long ago.
export function whenYear(text: string | undefined): string {
  const short = when(text)
  return short && new Date(text!).toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', hour12: false })
}

// lateness is red past the due time, yellow in the last fifth of the time.
export function lateness(created: string, due: string, now = Date.now()): '' | 'warning' | 'danger' {
  const end = new Date(due).getTime()
  const start = new Date(created).getTime()
  if (isNaN(end) || isNaN(start) || end < 978307200000) return ''
  if (now > end) return 'danger'
  return end - now < (end - start) / 5 ? 'warning' : ''
}
