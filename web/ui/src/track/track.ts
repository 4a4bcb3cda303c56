// Public progress of a ticket, by its number and the last four digits of the
// telephone number it was filed with.

import { size } from '../chat/upload'

interface Progress {
  number: string
  status: string
  status_text: string
  department_name: string
  due_at: string
  reply: string
  created_at: string
  files?: ToldFile[]
}

// A file that came with the answer; its link opens in this browser only.
interface ToldFile { name: string; type: string; size: number; link: string }

const form = document.getElementById('track') as HTMLFormElement
const result = document.getElementById('result') as HTMLElement

function value(id: string): string {
  return (document.getElementById(id) as HTMLInputElement).value.replace(/\s/g, '')
}

function when(text: string): string {
  const d = new Date(text)
  return isNaN(d.getTime()) ? '' : d.toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' })
}

function attachments(list: HTMLElement, files: ToldFile[]): void {
  const dt = document.createElement('dt')
  dt.textContent = '附件 Files'
  list.appendChild(dt)
  files.forEach((f) => {
    const dd = document.createElement('dd')
    const a = document.createElement('a')
    a.href = f.link
    a.textContent = f.name + '（' + size(f.size) + '）'
    if (f.type.indexOf('image/') === 0) a.target = '_blank'
    else a.download = f.name
    a.rel = 'noopener noreferrer'
    dd.appendChild(a)
    list.appendChild(dd)
  })
}

function show(p: Progress): void {
  const rows: [string, string][] = [
    ['工单编号 Ticket number', p.number],
    ['状态 Status', p.status_text],
    ['承办单位 Department', p.department_name || '待派单'],
    ['受理时间 Filed', when(p.created_at)],
    ['应办结时间 Due', when(p.due_at)],
    // What is handled anew keeps the answer that did not help.
    [['accepted', 'dispatched', 'handling'].indexOf(p.status) < 0 ? '答复 Answer' : '上次答复 Earlier answer', p.reply],
  ]
  const list = document.createElement('dl')
  rows.filter((r) => r[1]).forEach((r) => {
    const dt = document.createElement('dt')
    dt.textContent = r[0]
    const dd = document.createElement('dd')
    dd.textContent = r[1]
    list.appendChild(dt)
    list.appendChild(dd)
  })
  if (p.files && p.files.length) attachments(list, p.files)
  result.textContent = ''
  result.appendChild(list)
}

form.addEventListener('submit', (e) => {
  e.preventDefault()
  result.textContent = '正在查询……'
  fetch('/api/v1/track', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ number: value('number'), code: value('code') }),
  })
    .then((r) => r.json().then((body) => (r.ok ? show(body as Progress) : Promise.reject(body.error))))
    .catch((err) => {
      result.textContent = (err && err.message) || '现在查不到，请稍后再试，或拨打 12345。'
    })
})
