// What a person sees of a conversation. Everything is set as text, never as
// markup, so that nothing anybody writes can act on the page.

import type { MessageFrame, Option, SentFile, Utterance } from './frames'
import { offered, size } from './upload'
import type { Words } from './words'

export interface ViewActions {
  say(text: string): void
  tap(option: Option): void
  retry(u: Utterance): void
  attach(file: File): void
  larger(): void
  language(): void
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K, className: string, text?: string,
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag)
  if (className) e.className = className
  if (text !== undefined) e.textContent = text
  return e
}

function button(className: string, text: string, onClick: () => void): HTMLButtonElement {
  const b = el('button', className, text)
  b.type = 'button'
  b.addEventListener('click', onClick)
  return b
}

// linked splits text into plain runs, web addresses and telephone numbers, so
// that a number to call can be tapped.
const linkShape = /(https?:\/\/[^\s，。；）)]+)|(?:^|[^0-9])((?:110|119|120|122|12356|12345|12110|123\d\d|0\d{2,3}-?\d{7,8}))(?![0-9])/g

export function linked(parent: HTMLElement, text: string): void {
  let at = 0
  text.replace(linkShape, (whole: string, url: string | undefined, phone: string | undefined, offset: number) => {
    const target = url || phone || ''
    const start = offset + whole.indexOf(target)
    parent.appendChild(document.createTextNode(text.slice(at, start)))
    const a = el('a', '', target)
    a.href = url ? url : 'tel:' + target
    a.rel = 'noopener noreferrer'
    if (url) a.target = '_blank'
    parent.appendChild(a)
    at = start + target.length
    return whole
  })
  parent.appendChild(document.createTextNode(text.slice(at)))
}

export class View {
  readonly log: HTMLElement
  private readonly notice: HTMLElement
  private readonly holder: HTMLElement
  private readonly input: HTMLTextAreaElement
  private readonly hint: HTMLElement
  private readonly sent: { [id: string]: HTMLElement } = {}
  private options: HTMLElement | null = null
  private drafted: HTMLElement | null = null
  private draftEnd = 0

  constructor(
    root: HTMLElement,
    private readonly words: Words,
    private readonly actions: ViewActions,
    enterprise: boolean,
  ) {
    root.textContent = ''
    root.className = 'chat'
    root.appendChild(this.header(enterprise))
    this.notice = el('div', 'notice')
    this.notice.setAttribute('role', 'status')
    root.appendChild(this.notice)
    this.log = el('div', 'log')
    this.log.setAttribute('role', 'log')
    this.log.setAttribute('aria-live', 'polite')
    this.log.setAttribute('aria-label', words.log)
    this.log.tabIndex = 0
    root.appendChild(this.log)
    this.holder = el('div', 'holder')
    this.holder.setAttribute('role', 'status')
    root.appendChild(this.holder)
    this.input = el('textarea', 'input')
    this.hint = el('div', 'hint')
    root.appendChild(this.composer())
    this.welcome(enterprise ? words.welcomeEnterprise : words.welcome)
  }

  private header(enterprise: boolean): HTMLElement {
    const w = this.words
    const h = el('header', 'head')
    h.appendChild(el('h1', '', enterprise ? w.titleEnterprise : w.title))
    h.appendChild(button('tool', w.larger, () => this.actions.larger()))
    h.appendChild(button('tool', w.language, () => this.actions.language()))
    return h
  }

  private composer(): HTMLElement {
    const w = this.words
    const form = el('form', 'composer')
    const quick = el('div', 'quick')
    quick.appendChild(button('chip', w.human, () => this.actions.say(w.humanSays)))
    quick.appendChild(button('chip', w.track, () => this.actions.say(w.track)))
    quick.appendChild(el('span', 'danger', w.emergency))
    form.appendChild(quick)
    const row = el('div', 'row')
    this.input.rows = 1
    this.input.placeholder = w.placeholder
    this.input.setAttribute('aria-label', w.placeholder)
    this.input.addEventListener('keydown', (e) => this.onKey(e))
    // Some automated and assistive input sends the character apart from the key.
    this.input.addEventListener('keypress', (e) => {
      if (e.key === 'Enter' && !e.shiftKey) e.preventDefault()
    })
    this.input.addEventListener('input', () => this.fit())
    row.appendChild(this.attacher())
    row.appendChild(this.input)
    const send = el('button', 'send', w.send)
    send.type = 'submit'
    row.appendChild(send)
    form.appendChild(row)
    this.hint.setAttribute('role', 'alert')
    form.appendChild(this.hint)
    form.addEventListener('submit', (e) => {
      e.preventDefault()
      this.submit()
    })
    return form
  }

  // attacher is the button that opens the picker; the picker itself is not seen.
  private attacher(): HTMLElement {
    const box = el('span', 'attach')
    const picker = el('input', '')
    picker.type = 'file'
    picker.hidden = true
    picker.accept = offered
    picker.setAttribute('aria-label', this.words.attach)
    picker.addEventListener('change', () => {
      if (picker.files && picker.files[0]) this.actions.attach(picker.files[0])
      picker.value = '' // the same file may be chosen again
    })
    const open = button('clip', '＋', () => picker.click())
    open.setAttribute('aria-label', this.words.attach)
    open.title = this.words.attach
    box.appendChild(open)
    box.appendChild(picker)
    return box
  }

  // onKey sends on Enter; with Shift it breaks the line, and while an input
  // method is composing Enter only chooses a word.
  private onKey(e: KeyboardEvent): void {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return
    e.preventDefault()
    this.submit()
  }

  private fit(): void {
    this.input.style.height = 'auto'
    // The height of a box counts its border, the height of what it holds does not.
    const border = this.input.offsetHeight - this.input.clientHeight
    this.input.style.height = Math.min(this.input.scrollHeight + border, 140) + 'px'
  }

  private submit(): void {
    const text = this.input.value.trim()
    if (!text) return
    if (Array.from(text).length > 4000) {
      this.hint.textContent = this.words.tooLong
      return
    }
    this.hint.textContent = ''
    this.input.value = ''
    this.fit()
    this.input.focus()
    this.actions.say(text)
  }

  focus(): void {
    this.input.focus()
  }

  private welcome(text: string): void {
    const bubble = this.bubble('bot', text)
    bubble.setAttribute('data-welcome', '')
    this.log.appendChild(bubble)
  }

  private bubble(author: string, text: string): HTMLElement {
    const item = el('div', 'item ' + author)
    const names: { [k: string]: string } = {
      contact: this.words.you, bot: this.words.bot, agent: this.words.agent, system: this.words.system,
    }
    item.appendChild(el('div', 'who', names[author] || author))
    const body = el('div', 'bubble')
    linked(body, text)
    item.appendChild(body)
    return item
  }

  // waiting shows an utterance that is not yet acknowledged.
  waiting(u: Utterance): void {
    if (this.sent[u.id]) return
    this.dropOptions()
    const item = this.bubble('contact', u.label || u.text || u.value || '')
    item.appendChild(el('div', 'state', this.words.sending))
    this.sent[u.id] = item
    this.add(item)
  }

  acknowledged(id: string): void {
    const item = this.sent[id]
    if (!item) return
    const state = item.querySelector('.state')
    if (state) item.removeChild(state)
  }

  refused(u: Utterance, why: string): void {
    const item = this.sent[u.id]
    if (!item) return
    const state = item.querySelector('.state') as HTMLElement | null
    if (!state) return
    state.textContent = this.words.notSent + '：' + why + ' '
    state.className = 'state failed'
    state.appendChild(button('link', this.words.retry, () => {
      this.log.removeChild(item)
      delete this.sent[u.id]
      this.actions.retry(u)
    }))
  }

  message(m: MessageFrame): void {
    const own = m.author === 'contact'
    if (own && this.sent[m.id]) {
      this.acknowledged(m.id)
      this.attached(this.sent[m.id]!, m.files)
      return
    }
    const files = m.files && m.files.length
    const text = files ? m.text : m.text || (m.kind === 'location' ? '[' + this.words.location + ']' : m.kind === 'image' ? '[' + this.words.image + ']' : '')
    if (!text && !files) return
    if (!own) {
      this.dropOptions()
      this.draft('')
    }
    const item = this.bubble(m.author, text)
    this.attached(item, m.files)
    const body = item.querySelector('.bubble') as HTMLElement
    this.cite(body, m)
    if (m.generated) body.appendChild(el('div', 'generated', this.words.generated))
    if (m.options && m.options.length) item.appendChild(this.choices(m.options))
    this.add(item)
  }

  // draft shows an answer while it grows, until the message takes its place; an
  // empty text withdraws it. It is kept from screen readers, which read the message,
  // and does not stay where nothing comes any more.
  draft(text: string): void {
    window.clearTimeout(this.draftEnd)
    if (this.drafted && this.drafted.parentNode) this.drafted.parentNode.removeChild(this.drafted)
    this.drafted = null
    if (!text) return
    this.drafted = this.bubble('bot', text)
    this.drafted.className += ' draft'
    this.drafted.setAttribute('aria-hidden', 'true')
    this.drafted.querySelector('.bubble')!.appendChild(el('div', 'generated', this.words.drafting))
    this.add(this.drafted)
    this.draftEnd = window.setTimeout(() => this.draft(''), 15000)
  }

  // attached shows the files of a message: pictures where they stand, the rest to
  // be saved. It shows them once.
  private attached(item: HTMLElement, files?: SentFile[]): void {
    const body = item.querySelector('.bubble') as HTMLElement
    if (!files || !files.length || item.querySelector('.file')) return
    body.textContent = ''
    files.forEach((f) => {
      const a = el('a', 'file')
      a.href = f.link
      if (f.type.indexOf('image/') === 0) {
        a.target = '_blank'
        a.rel = 'noopener noreferrer'
        const img = el('img', '')
        img.src = f.link
        img.alt = this.words.image + ' ' + f.name
        img.addEventListener('load', () => (this.log.scrollTop = this.log.scrollHeight))
        a.appendChild(img)
      } else {
        a.download = f.name
        a.textContent = f.name + ' (' + size(f.size) + ')'
      }
      body.appendChild(a)
    })
  }

  private cite(body: HTMLElement, m: MessageFrame): void {
    // An answer names its sources in its own words; one that does not gets them here.
    (m.citations || []).filter((c) => m.text.indexOf(c.title) < 0).forEach((c) => {
      const parts = [c.title, c.source, c.date].filter(Boolean)
      body.appendChild(el('div', 'cite', this.words.source + '：' + parts.join(' · ')))
    })
  }

  private choices(options: Option[]): HTMLElement {
    const box = el('div', 'options')
    box.setAttribute('role', 'group')
    options.forEach((o) => {
      box.appendChild(button('option', o.label, () => {
        this.dropOptions()
        this.actions.tap(o)
      }))
    })
    this.options = box
    return box
  }

  // dropOptions removes choices that no longer count, so that an old one is not
  // tapped by mistake.
  private dropOptions(): void {
    if (this.options && this.options.parentNode) this.options.parentNode.removeChild(this.options)
    this.options = null
  }

  private add(item: HTMLElement): void {
    this.log.appendChild(item)
    this.log.scrollTop = this.log.scrollHeight
  }

  online(on: boolean): void {
    this.notice.textContent = on ? '' : this.words.offline
  }

  connecting(): void {
    this.notice.textContent = this.words.connecting
  }

  heldBy(holder: string): void {
    this.holder.textContent =
      holder === 'queue' ? this.words.heldByQueue : holder === 'agent' ? this.words.heldByAgent : ''
  }
}
