// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest'
import type { MessageFrame, Option, Utterance } from './frames'
import { View, linked } from './view'
import { wordsFor } from './words'

let root: HTMLElement
let view: View
let said: string[]
let tapped: Option[]
let retried: Utterance[]
let attached: string[]

function message(seq: number, over: Partial<MessageFrame> = {}): MessageFrame {
  return { type: 'message', seq, id: 'm' + seq, author: 'bot', text: '您好', kind: 'text', at: '', ...over }
}

beforeEach(() => {
  said = []
  tapped = []
  retried = []
  attached = []
  document.body.innerHTML = '<div id="c"></div>'
  root = document.getElementById('c')!
  view = new View(root, wordsFor('zh'), {
    say: (t) => void said.push(t), tap: (o) => void tapped.push(o), retry: (u) => void retried.push(u), attach: (f) => void attached.push(f.name), larger: () => {}, language: () => {},
  }, false)
})

function type(text: string, key: KeyboardEventInit) {
  const input = root.querySelector('textarea')!
  input.value = text
  input.dispatchEvent(new KeyboardEvent('keydown', { cancelable: true, bubbles: true, ...key }))
  return input
}

describe('View', () => {
  it('shows what anybody writes as text, never as markup', () => {
    view.message(message(1, { text: '<img src=x onerror=alert(1)>' }))
    expect(root.querySelector('.log img')).toBeNull()
    expect(root.querySelector('[role=log]')!.textContent).toContain('<img src=x')
  })

  it('shows a growing draft, and the message in its place', () => {
    view.draft('先备案。')
    view.draft('先备案。再结算。')
    expect(root.querySelectorAll('.draft').length).toBe(1)
    expect(root.querySelector('.draft')!.textContent).toContain('再结算')
    expect(root.querySelector('.draft')!.getAttribute('aria-hidden')).toBe('true')
    view.message(message(1, { text: '先备案。再结算。', generated: true }))
    expect(root.querySelector('.draft')).toBeNull()
    view.draft('<img src=x onerror=alert(1)>')
    expect(root.querySelector('.log img')).toBeNull()
    view.draft('')
    expect(root.querySelector('.draft')).toBeNull()
  })

  it('sends on Enter, breaks the line with Shift, and lets an input method choose', () => {
    expect(type('一', { key: 'Enter' }).value).toBe('')
    type('二', { key: 'Enter', shiftKey: true })
    type('三', { key: 'Enter', isComposing: true })
    expect(said).toEqual(['一'])
  })

  it('refuses what is too long with a word, and keeps it', () => {
    const input = type('长'.repeat(4001), { key: 'Enter' })
    expect(said).toEqual([])
    expect(input.value.length).toBe(4001)
    expect(root.querySelector('[role=alert]')!.textContent).toContain('4000')
  })

  it('shows one bubble for what was said, acknowledged and echoed', () => {
    view.waiting({ type: 'say', id: 'u1', text: '停水了' })
    expect(root.querySelector('.contact .state')!.textContent).toBe('发送中')
    view.message(message(1, { author: 'contact', id: 'u1', text: '停水了' }))
    expect(root.querySelectorAll('.contact').length).toBe(1)
    expect(root.querySelector('.contact .state')).toBeNull()
  })

  it('says what was not sent and offers to send it again', () => {
    const u: Utterance = { type: 'say', id: 'u1', text: '停水了' }
    view.waiting(u)
    view.refused(u, '系统繁忙')
    const state = root.querySelector('.failed')!
    expect(state.textContent).toContain('没有发出')
    state.querySelector('button')!.click()
    expect(retried).toEqual([u])
    expect(root.querySelectorAll('.contact').length).toBe(0)
  })

  it('offers choices once', () => {
    view.message(message(1, { options: [{ label: '哈尔滨市', value: '230100' }] }))
    root.querySelector<HTMLButtonElement>('.option')!.click()
    expect(tapped).toEqual([{ label: '哈尔滨市', value: '230100' }])
    expect(root.querySelector('.option')).toBeNull()
  })

  it('names the source of an answer', () => {
    view.message(message(1, { citations: [{ article_id: 'a', title: '异地就医', source: '省医保局', date: '2026-01-01' }] }))
    expect(root.querySelector('.cite')!.textContent).toBe('依据：异地就医 · 省医保局 · 2026-01-01')
  })
})

describe('linked', () => {
  it.each([
    ['请拨打110。', ['tel:110']],
    ['编号2611021234567', []],
    ['见 https://example.gov.cn/a?b=1，或拨 0451-12345678', ['https://example.gov.cn/a?b=1', 'tel:0451-12345678']],
    ['javascript:alert(1)', []],
    ['119、120', ['tel:119', 'tel:120']],
  ])('%s', (text, want) => {
    const p = document.createElement('p')
    linked(p, text)
    expect(p.textContent).toBe(text)
    expect(Array.from(p.querySelectorAll('a')).map((a) => a.getAttribute('href'))).toEqual(want)
  })

  it('opens the picker from a button that says what it is for, and hands the file over', () => {
    const open = root.querySelector<HTMLButtonElement>('.clip')!
    expect(open.getAttribute('aria-label')).toBe('发送照片或文件')
    const picker = root.querySelector<HTMLInputElement>('input[type=file]')!
    Object.defineProperty(picker, 'files', { value: [new File(['x'], '漏水.jpg')] })
    picker.dispatchEvent(new Event('change'))
    expect(attached).toEqual(['漏水.jpg'])
  })

  it('shows a picture by its link once, where it was sent from and elsewhere', () => {
    const files = [{ name: '<b>.jpg', type: 'image/jpeg', size: 2048, link: '/api/v1/chat/citizen/files/f1?e=1&s=2' }]
    view.waiting({ type: 'file', id: 'u9', label: '<b>.jpg' })
    const own = message(3, { author: 'contact', id: 'u9', text: '', kind: 'image', files })
    view.message(own)
    view.message(own)
    expect(root.querySelectorAll('.contact img').length).toBe(1)
    expect(root.querySelector('.contact .state')).toBeNull()
    view.message(message(4, { author: 'contact', id: 'other', text: '', kind: 'file', files: [{ ...files[0]!, type: 'application/pdf', name: '单据.pdf' }] }))
    const link = root.querySelectorAll<HTMLAnchorElement>('a.file')[1]!
    expect(link.download).toBe('单据.pdf')
    expect(link.textContent).toBe('单据.pdf (2 KB)')
  })

  it('keeps a refused file with the reason and a way to send it again', () => {
    const u: Utterance = { type: 'file', id: 'u8', label: 'x.heic' }
    view.waiting(u)
    view.refused(u, '这种文件收不了。')
    const state = root.querySelector('.state.failed')!
    expect(state.textContent).toContain('这种文件收不了。')
    state.querySelector('button')!.click()
    expect(retried).toEqual([u])
  })
})
