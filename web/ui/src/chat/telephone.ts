// The line below the chat: what is kept of a person, and the dialog in which a
// telephone number is proven by a code. It holds on old browsers, which have no
// dialog element of their own.

import { el } from './view'
import type { Lang } from './words'

export interface TelephoneWords {
  foot: string
  open: string
  privacy: string
  title: string
  phone: string
  agree: string
  read: string
  send: string
  again: string
  code: string
  check: string
  close: string
  sent(minutes: number): string
  done: string
  progress: string
  failed: string
}

const zh: TelephoneWords = {
  foot: '个人信息', open: '验证手机号', privacy: '个人信息怎么用', title: '验证手机号', phone: '手机号码', agree: '我已阅读，同意这样使用我的手机号',
  read: '阅读全文', send: '获取验证码', again: '重新获取', code: '短信里的6位数字', check: '确认', close: '关闭',
  sent: (minutes) => '验证码已经发出，' + minutes + '分钟内有效。', done: '验证成功。可以查看用这个号码登记的事项。', progress: '查进度',
  failed: '没有连上，请稍后再试。',
}

const en: TelephoneWords = {
  foot: 'Personal data', open: 'Verify my phone', privacy: 'How my data are used', title: 'Verify my phone', phone: 'Mobile number',
  agree: 'I have read this and agree to this use of my number', read: 'Read all of it', send: 'Send me a code', again: 'Send another',
  code: 'The 6 digits in the message', check: 'Verify', close: 'Close', sent: (minutes) => 'The code was sent. It is valid for ' + minutes + ' minutes.',
  done: 'The number is verified. You can see what was filed with it.', progress: 'Progress', failed: 'No connection, please try again later.',
}

// Reply is what the house answered: a body, or the words of a refusal.
interface Reply {
  ok: boolean
  body: { [key: string]: unknown }
  words: string
}

export type Ask = (path: string, body?: object) => Promise<Reply>

// overHTTP asks the house itself. Where the server's words come in both
// languages, the page shows its own part.
export function overHTTP(channel: string, words: TelephoneWords, lang: Lang): Ask {
  const base = '/api/v1/chat/' + encodeURIComponent(channel) + '/phone'
  return (path, body) => {
    const init: RequestInit = { credentials: 'same-origin' }
    if (body) {
      init.method = 'POST'
      init.headers = { 'Content-Type': 'application/json' }
      init.body = JSON.stringify(body)
    }
    return fetch(base + path, init).then((r) => r.text().then((text) => {
      const parsed = (text ? JSON.parse(text) : {}) as { [key: string]: unknown }
      const error = parsed['error'] as { message?: string } | undefined
      return { ok: r.ok, body: parsed, words: inLanguage((error && error.message) || (r.ok ? '' : words.failed), lang) }
    })).catch(() => ({ ok: false, body: {}, words: words.failed }))
  }
}

// inLanguage takes the part of "中文 (English)" that the page speaks.
export function inLanguage(text: string, lang: Lang): string {
  const at = /^(.*?)\s*\(([^()]*)\)$/.exec(text)
  if (!at) return text
  return lang === 'en' ? at[2]!.charAt(0).toUpperCase() + at[2]!.slice(1) + '.' : at[1]!
}

export function telephoneWords(lang: Lang): TelephoneWords {
  return lang === 'en' ? en : zh
}

// footer is the line below the chat.
export function footer(lang: Lang, ask: Ask, progress: () => void): HTMLElement {
  const w = telephoneWords(lang)
  const foot = el('nav', 'foot')
  foot.setAttribute('aria-label', w.foot)
  const open = el('button', 'link', w.open)
  open.type = 'button'
  open.addEventListener('click', () => new TelephoneDialog(lang, w, ask, progress, open).open())
  foot.appendChild(open)
  const link = el('a', '', w.privacy)
  link.href = '/privacy?lang=' + lang
  link.target = '_blank'
  link.rel = 'noopener'
  foot.appendChild(link)
  return foot
}

export class TelephoneDialog {
  private readonly veil = el('div', 'veil')
  private readonly box = el('div', 'dialog')
  private readonly say = el('p', 'say')
  private readonly alert = el('div', 'hint')
  private phone = ''
  private version = ''

  constructor(
    private readonly lang: Lang, private readonly w: TelephoneWords, private readonly ask: Ask,
    private readonly progress: () => void, private readonly opener: HTMLElement,
  ) {
    this.box.setAttribute('role', 'dialog')
    this.box.setAttribute('aria-modal', 'true')
    const title = el('h2', '', w.title)
    title.id = 'telephone-title'
    this.box.setAttribute('aria-labelledby', title.id)
    this.box.appendChild(title)
    this.say.setAttribute('role', 'status')
    this.box.appendChild(this.say)
    this.alert.setAttribute('role', 'alert')
    this.veil.appendChild(this.box)
    this.veil.addEventListener('keydown', (e) => this.onKey(e))
  }

  // open asks first whether a number can be proven here, and says so if not.
  open(): Promise<void> {
    document.body.appendChild(this.veil)
    this.fill([this.closer()])
    return this.ask('?lang=' + this.lang).then((r) => {
      this.say.textContent = String(r.body['text'] || r.words)
      if (!r.ok || r.body['available'] !== true) return
      this.version = String(r.body['version'])
      this.askNumber()
    })
  }

  private askNumber(): void {
    const number = this.input('telephone-number', this.w.phone, 'tel', 20)
    const agree = el('input', '')
    agree.type = 'checkbox'
    agree.id = 'telephone-agree'
    const line = el('p', 'agree')
    line.appendChild(agree)
    line.appendChild(this.label(agree.id, this.w.agree))
    const read = el('a', '', this.w.read)
    read.href = '/privacy?lang=' + this.lang
    read.target = '_blank'
    read.rel = 'noopener'
    line.appendChild(read)
    const form = this.form(() => this.sendCode(number.field.value, agree.checked))
    this.put(form, [number.line, line, this.alert, this.submit(this.w.send), this.closer()])
    this.fill([form])
    number.field.focus()
  }

  private sendCode(phone: string, agreed: boolean): Promise<void> {
    return this.ask('', { phone, consent: agreed ? this.version : '', lang: this.lang }).then((r) => {
      this.alert.textContent = r.words
      if (!r.ok) return
      this.phone = phone
      this.say.textContent = this.w.sent(Number(r.body['minutes']))
      this.askCode()
    })
  }

  private askCode(): void {
    const code = this.input('telephone-code', this.w.code, 'tel', 6)
    code.field.setAttribute('autocomplete', 'one-time-code')
    const form = this.form(() => this.check(code.field.value))
    const again = el('button', 'chip', this.w.again)
    again.type = 'button'
    again.addEventListener('click', () => void this.sendCode(this.phone, true))
    this.put(form, [code.line, this.alert, this.submit(this.w.check), again, this.closer()])
    this.fill([form])
    code.field.focus()
  }

  private check(code: string): Promise<void> {
    return this.ask('/code', { phone: this.phone, code }).then((r) => {
      this.alert.textContent = r.words
      if (!r.ok) return
      this.say.textContent = this.w.done
      const see = el('button', 'send', this.w.progress)
      see.type = 'button'
      see.addEventListener('click', () => {
        this.close()
        this.progress()
      })
      this.fill([see, this.closer()])
      see.focus()
    })
  }

  private fill(parts: HTMLElement[]): void {
    while (this.box.children.length > 2) this.box.removeChild(this.box.lastChild!)
    this.put(this.box, parts)
    const first = this.box.querySelector('input, button') as HTMLElement | null
    if (first) first.focus()
  }

  private put(into: HTMLElement, parts: HTMLElement[]): void {
    parts.forEach((p) => void into.appendChild(p))
  }

  private form(act: () => Promise<void>): HTMLFormElement {
    const form = el('form', '')
    form.addEventListener('submit', (e) => {
      e.preventDefault()
      this.alert.textContent = ''
      void act()
    })
    return form
  }

  private label(id: string, text: string): HTMLLabelElement {
    const label = el('label', '', text)
    label.htmlFor = id
    return label
  }

  private input(id: string, text: string, type: string, most: number): { line: HTMLElement; field: HTMLInputElement } {
    const line = el('p', '')
    const field = el('input', 'input')
    field.id = id
    field.type = type
    field.maxLength = most
    field.autocomplete = 'off'
    line.appendChild(this.label(id, text))
    line.appendChild(field)
    return { line, field }
  }

  private submit(text: string): HTMLButtonElement {
    const b = el('button', 'send', text)
    b.type = 'submit'
    return b
  }

  private closer(): HTMLButtonElement {
    const b = el('button', 'chip', this.w.close)
    b.type = 'button'
    b.addEventListener('click', () => this.close())
    return b
  }

  close(): void {
    if (this.veil.parentNode) this.veil.parentNode.removeChild(this.veil)
    this.opener.focus()
  }

  // onKey keeps the keyboard inside, and Escape leads out.
  private onKey(e: KeyboardEvent): void {
    if (e.key === 'Escape') {
      this.close()
      return
    }
    if (e.key !== 'Tab') return
    const stops = this.box.querySelectorAll<HTMLElement>('input, button, a[href]')
    const first = stops[0], last = stops[stops.length - 1]
    if (!first || !last) return
    if (e.shiftKey && document.activeElement === first) {
      e.preventDefault()
      last.focus()
    } else if (!e.shiftKey && document.activeElement === last) {
      e.preventDefault()
      first.focus()
    }
  }
}
