// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest'
import { footer, inLanguage, type Ask } from './telephone'

let asked: { path: string; body?: { [key: string]: unknown } }[]
let answers: { [path: string]: { ok: boolean; body: { [key: string]: unknown }; words: string } }
let progress: number

const ask: Ask = (path, body) => {
  asked.push({ path, body: body as { [key: string]: unknown } })
  return Promise.resolve(answers[path]!)
}

function settle(): Promise<void> {
  return new Promise((done) => setTimeout(done))
}

function press(text: string): void {
  const b = Array.from(document.querySelectorAll('button')).filter((x) => x.textContent === text)[0]
  if (!b) throw new Error('no button ' + text)
  b.click()
}

function fill(id: string, value: string): void {
  ;(document.getElementById(id) as HTMLInputElement).value = value
}

beforeEach(() => {
  asked = []
  progress = 0
  document.body.innerHTML = ''
  document.body.appendChild(footer('zh', ask, () => void progress++))
  answers = {
    '?lang=zh': { ok: true, body: { available: true, version: '1', text: '告知' }, words: '' },
    '': { ok: true, body: { minutes: 5 }, words: '' },
    '/code': { ok: true, body: {}, words: '' },
  }
})

describe('the telephone dialog', () => {
  it('shows the notice, sends the number with the version agreed to, then the code', async () => {
    press('验证手机号')
    await settle()
    expect(document.querySelector('[role=dialog]')!.textContent).toContain('告知')
    fill('telephone-number', '13800001234')
    ;(document.getElementById('telephone-agree') as HTMLInputElement).checked = true
    press('获取验证码')
    await settle()
    expect(asked[1]).toEqual({ path: '', body: { phone: '13800001234', consent: '1', lang: 'zh' } })
    expect(document.querySelector('[role=status]')!.textContent).toContain('5分钟')
    fill('telephone-code', '246810')
    press('确认')
    await settle()
    expect(asked[2]).toEqual({ path: '/code', body: { phone: '13800001234', code: '246810' } })
    press('查进度')
    expect(progress).toBe(1)
    expect(document.querySelector('[role=dialog]')).toBeNull()
  })

  it('sends no consent that was not given, and shows the refusal', async () => {
    answers[''] = { ok: false, body: {}, words: '请先阅读告知内容并同意' }
    press('验证手机号')
    await settle()
    fill('telephone-number', '13800001234')
    press('获取验证码')
    await settle()
    expect(asked[1]!.body!.consent).toBe('')
    expect(document.querySelector('[role=alert]')!.textContent).toBe('请先阅读告知内容并同意')
    expect(document.getElementById('telephone-code')).toBeNull()
  })

  it('says truthfully that it cannot be done', async () => {
    answers['?lang=zh'] = { ok: true, body: { available: false, text: '没有短信通道' }, words: '' }
    press('验证手机号')
    await settle()
    expect(document.querySelector('[role=dialog]')!.textContent).toContain('没有短信通道')
    expect(document.getElementById('telephone-number')).toBeNull()
  })

  it('keeps the keyboard inside and gives it back', async () => {
    press('验证手机号')
    await settle()
    const stops = document.querySelectorAll<HTMLElement>('[role=dialog] input, [role=dialog] button, [role=dialog] a')
    stops[stops.length - 1]!.focus()
    document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab', bubbles: true }))
    expect(document.activeElement).toBe(stops[0])
    document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    expect(document.querySelector('[role=dialog]')).toBeNull()
    expect(document.activeElement!.textContent).toBe('验证手机号')
  })
})

it('takes its own language out of words in both', () => {
  expect(inLanguage('验证码不对 (that is not the code)', 'zh')).toBe('验证码不对')
  expect(inLanguage('验证码不对 (that is not the code)', 'en')).toBe('That is not the code.')
  expect(inLanguage('没有连上', 'en')).toBe('没有连上')
})
