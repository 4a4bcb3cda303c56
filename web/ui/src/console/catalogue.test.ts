import { describe, expect, it } from 'vitest'
import { limitText, parts, readLimit, type Limit } from './catalogue'

describe('limits', () => {
  it('are read as they are written', () => {
    const all: Limit[] = [{ days: 7 }, { days: 1, at_once: true }, { hours: 24, on_clock: true }, { hours: 8 }]
    for (const l of all) expect(readLimit(limitText(l))).toEqual(l)
  })
  it('may be written short, and nothing is none', () => {
    expect(readLimit('7日')).toEqual({ days: 7 })
    expect(readLimit('1当日')).toEqual({ days: 1, at_once: true })
    expect(readLimit('24时')).toEqual({ hours: 24, on_clock: true })
    expect(readLimit('8工时')).toEqual({ hours: 8 })
    expect(readLimit(' ')).toBeNull()
  })
  it('are refused when they are none', () => {
    for (const text of ['七日', '0日', '-1日', '7', '7周']) expect(readLimit(text)).toBeUndefined()
  })
})

it('lists lose what is empty', () => {
  expect(parts('停水、 没水、、断水 ', /、/)).toEqual(['停水', '没水', '断水'])
})
