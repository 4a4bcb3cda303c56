import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerFrame, Utterance } from './frames'
import { Link, type TransportEvents } from './link'

// A line whose other end the test holds.
class Line {
  events!: TransportEvents
  sent: Record<string, unknown>[] = []
  dials = 0
  closed = 0
  connect = (events: TransportEvents) => {
    this.dials++
    this.events = events
    return {
      send: (data: string) => void this.sent.push(JSON.parse(data) as Record<string, unknown>),
      close: () => {
        this.closed++
        events.closed()
      },
    }
  }
  says(f: ServerFrame) {
    this.events.data(JSON.stringify(f))
  }
}

function say(id: string): Utterance {
  return { type: 'say', id, text: id }
}

function message(seq: number): ServerFrame {
  return { type: 'message', seq, id: 'm' + seq, author: 'bot', text: 'x', kind: 'text', at: '' }
}

describe('Link', () => {
  let line: Line
  let frames: ServerFrame[]
  let online: boolean[]
  let link: Link
  let now: number

  beforeEach(() => {
    vi.useFakeTimers()
    now = 0
    line = new Line()
    frames = []
    online = []
    link = new Link(line.connect, { frame: (f) => void frames.push(f), online: (on) => void online.push(on), waitingFor: () => {} }, () => 'zh', () => now)
    link.start()
  })
  afterEach(() => {
    link.stop()
    vi.useRealTimers()
  })

  it('sends what was said before the line was open, after the hello', () => {
    link.say(say('a'))
    expect(line.sent).toEqual([])
    line.events.open()
    expect(line.sent).toEqual([{ type: 'hello', after: 0, lang: 'zh' }, { type: 'say', id: 'a', text: 'a' }])
  })

  it('says again what was not acknowledged, with the same id, and nothing else', () => {
    line.events.open()
    link.say(say('a'))
    link.say(say('b'))
    line.says({ type: 'ack', id: 'a', seq: 1 })
    line.events.closed()
    line.sent = []
    vi.advanceTimersByTime(500)
    line.events.open()
    expect(line.sent.map((f) => f.id)).toEqual([undefined, 'b'])
  })

  it('asks after a reconnect for what it has not seen and drops what it has', () => {
    line.events.open()
    line.says(message(1))
    line.says(message(2))
    line.says(message(2))
    line.events.closed()
    vi.advanceTimersByTime(500)
    line.events.open()
    expect(line.sent.at(-1)).toEqual({ type: 'hello', after: 0, lang: 'zh' })
    line.says(message(1))
    line.says(message(90))
    expect(frames.length).toBe(3)
    line.events.closed()
    vi.advanceTimersByTime(500)
    line.events.open()
    expect(line.sent.at(-1)).toEqual({ type: 'hello', after: 40, lang: 'zh' })
  })

  it('shows a notice that was written before and sent after others', () => {
    line.events.open()
    line.says(message(5))
    line.says(message(3))
    expect(frames.length).toBe(2)
    expect(link.lastSeq).toBe(5)
  })

  it('waits longer each time the line cannot be had, and is reset by success', () => {
    for (const pause of [500, 1000, 2000, 4000, 8000, 15000, 15000]) {
      const before = line.dials
      line.events.closed()
      vi.advanceTimersByTime(pause - 1)
      expect(line.dials).toBe(before)
      vi.advanceTimersByTime(1)
      expect(line.dials).toBe(before + 1)
    }
    line.events.open()
    line.events.closed()
    const before = line.dials
    vi.advanceTimersByTime(500)
    expect(line.dials).toBe(before + 1)
    expect(online).toEqual([true, false])
  })

  it('hangs up a line that went silent', () => {
    line.events.open()
    now = 61000
    vi.advanceTimersByTime(25000)
    expect(line.closed).toBe(1)
  })

  it('lets a refused utterance go', () => {
    line.events.open()
    link.say(say('a'))
    line.says({ type: 'nack', id: 'a', code: 'unavailable', text: 'x' })
    expect(link.unsent()).toEqual([])
  })

  it('survives a frame that is no JSON', () => {
    line.events.open()
    line.events.data('{')
    line.says(message(1))
    expect(frames.length).toBe(1)
  })
})
