// What one may do to a ticket: its name, its key, and what must be said with it.
// Which of them are open to whom is for the server to say.

import { allCodes, allResults, codeName, resultWords, wayName } from './ticketwords'
import { allTypes, typeName } from './names'

export interface Asked {
  key: string
  label: string
  kind: 'area' | 'text' | 'choice' | 'department' | 'departments' | 'matter' | 'region' | 'colleague' | 'incident' | 'stop' | 'time'
  required?: boolean
  choices?: { value: string; label: string }[]
  hint?: string
}

export interface Deed {
  name: string
  key: string // on the keyboard
  ask: Asked[]
  done: string
  submit?: string
  main?: boolean
}

const of = (values: string[], name: (v: string) => string) => values.map((value) => ({ value, label: name(value) }))
const why = (label: string, hint = ''): Asked => ({ key: 'reason', label, kind: 'area', required: true, hint })
const optionalWhy = (label = '说明'): Asked => ({ key: 'reason', label, kind: 'area' })
const result: Asked = { key: 'result', label: '办理结果', kind: 'choice', required: true, choices: of(allResults, resultWords) }

const words = (key: string, label: string, hint = ''): Asked => ({ key, label, kind: 'area', required: true, hint })
const answer = [result, words('text', '答复内容', '诉求人会原样看到')]
const yesNo = (key: string, label: string, yes: string, no: string): Asked => ({ key, label, kind: 'choice', required: true, choices: [{ value: 'yes', label: yes }, { value: 'no', label: no }] })
const how = (key: string): Asked => ({ key, label: '方式', kind: 'choice', required: true, choices: of(['phone', 'message', 'visit'], wayName) })

// deeds are known by the ends of their paths below the ticket's.
export const deeds: Record<string, Deed> = {
  dispatch: { name: '派单', key: 'd', main: true, ask: [{ key: 'department', label: '承办单位', kind: 'department', required: true }, { key: 'co', label: '协办单位', kind: 'departments' }, optionalWhy('派单说明')], done: '已派发' },
  sign: { name: '签收', key: 's', main: true, ask: [], done: '已签收' },
  reply: { name: '答复', key: 'r', main: true, submit: '答复诉求人', ask: answer, done: '已答复' },
  answer: { name: '直接答复', key: 'r', submit: '答复诉求人', ask: answer, done: '已答复' },
  contacted: { name: '登记联系', key: 'c', ask: [
    { key: 'result', label: '结果', kind: 'choice', required: true, choices: of(['reached', 'unreached'], resultWords) }, how('how'), { key: 'note', label: '联系情况', kind: 'area' }], done: '已登记' },
  message: { name: '给诉求人留言', key: 'm', submit: '发送', ask: [words('text', '留言', '经热线转达，双方看不到对方号码')], done: '已发给诉求人' },
  extend: { name: '申请延期', key: 'e', ask: [{ key: 'due_at', label: '新的办结时限', kind: 'time', required: true }, why('延期理由', '同意后诉求人会看到')], done: '已提交' },
  'extend/approve': { name: '同意延期', key: 'y', main: true, ask: [], done: '已同意延期' },
  'extend/refuse': { name: '不同意延期', key: 'n', ask: [why('理由', '承办单位会看到')], done: '已告知承办单位' },
  return: { name: '申请退单', key: 'b', ask: [
    { key: 'code', label: '退单类别', kind: 'choice', required: true, choices: of(allCodes, codeName) }, why('退单理由'),
    words('basis', '法律或“三定”依据', '写明文件名称和条款')], done: '已提交' },
  'return/accept': { name: '同意退单', key: 'y', main: true, ask: [{ key: 'department', label: '改派单位', kind: 'department', hint: '不选则派给下一个承办单位，没有的回到待派单' }, optionalWhy()], done: '已同意退单' },
  'return/refuse': { name: '不同意退单', key: 'n', ask: [why('理由', '承办单位会看到')], done: '已告知承办单位' },
  'reply/approve': { name: '通过并答复', key: 'y', main: true, submit: '答复诉求人', ask: answer, done: '答复已发出' },
  'reply/back': { name: '退回修改', key: 'n', ask: [why('理由', '承办单位会看到')], done: '已退回承办单位' },
  pause: { name: '暂停计时', key: 'p', ask: [{ key: 'reason', label: '原因', kind: 'stop', required: true }, words('text', '等待什么', '等待诉求人补充的，会这样问诉求人')], done: '已暂停' },
  resume: { name: '恢复计时', key: 'g', ask: [optionalWhy()], done: '已恢复' },
  transfer: { name: '转交同事', key: 't', ask: [{ key: 'handler', label: '同事', kind: 'colleague', required: true }, optionalWhy()], done: '已转交' },
  assist: { name: '请协办', key: 'a', ask: [{ key: 'department', label: '协办单位', kind: 'department', required: true }, words('text', '请协办的事', '协办单位看不到诉求人的姓名和电话')], done: '已发出协办' },
  tasks: { name: '请协办', key: 'a', ask: [{ key: 'department', label: '协办单位', kind: 'department', required: true }, words('text', '请协办的事')], done: '已发出协办' },
  classify: { name: '更正要素', key: 'x', ask: [
    { key: 'type', label: '类型', kind: 'choice', choices: of(allTypes, typeName) }, { key: 'matter', label: '事项', kind: 'matter' }, { key: 'region', label: '区划', kind: 'region' },
    { key: 'accused', label: '被反映的单位', kind: 'departments', hint: '这些单位看不到这个工单' }, optionalWhy()], done: '已更正' },
  merge: { name: '并入', key: 'i', ask: [{ key: 'into', label: '并入的工单编号', kind: 'text', required: true, hint: '同一人、同一事、还在办理的工单' }, optionalWhy()], done: '已并入' },
  link: { name: '关联事件', key: 'l', ask: [{ key: 'incident', label: '事件', kind: 'incident', hint: '不选则移出事件' }], done: '已关联' },
  supplement: { name: '补充', key: 'j', ask: [words('text', '补充内容')], done: '已补充' },
  urge: { name: '催办', key: 'u', ask: [optionalWhy()], done: '已催办' },
  close: { name: '办结', key: 'o', ask: [why('办结理由', '未派单的会告诉诉求人')], done: '已办结' },
  withdraw: { name: '撤单', key: 'w', ask: [why('撤单理由')], done: '已撤单' },
  reopen: { name: '重办', key: 'q', ask: [why('重办理由')], done: '已重办' },
  survey: { name: '登记回访', key: 'v', main: true, ask: [
    how('method'), yesNo('contacted', '承办单位联系过吗', '联系过', '没有'), yesNo('solved', '问题解决了吗', '解决了', '没有解决'),
    yesNo('satisfied', '对办理满意吗', '满意', '不满意'), { key: 'reason', label: '原因', kind: 'area' }], done: '回访已登记' },
  unreached: { name: '没有联系上', key: 'f', ask: [how('how'), { key: 'reason', label: '情况', kind: 'area' }], done: '已登记' },
}

// What a lead says who answers before those have who take part.
export const unwaiting: Asked[] = [
  { key: 'anyway', label: '协办单位还没有回复', kind: 'choice', required: true, choices: [{ value: 'yes', label: '不等协办，现在答复' }] },
  why('不等协办的理由', '记入办理记录，协办任务收回'),
]

// decisions are made on what a department asks; they stand with what it says.
export const decisions = ['return/accept', 'return/refuse', 'extend/approve', 'extend/refuse', 'reply/approve', 'reply/back']

// answers are the deeds that the person reads.
export const answers = ['reply', 'answer', 'reply/approve']
