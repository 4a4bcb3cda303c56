import { describe, expect, it } from 'vitest'
import { lateness, statusName, when } from './names'

describe('names', () => {
  it('shows Beijing time and nothing for no time', () => {
    expect(when('2026-11-02T01:05:00Z')).toContain('09:05')
    expect(when('')).toBe('')
    expect(when('0001-01-01T00:00:00Z')).toBe('')
  })

  it('shows an unknown code as it is', () => {
    expect(statusName('dispatched')).toBe('待签收')
    expect(statusName('new')).toBe('new')
  })

  it('turns yellow in the last fifth and red when late', () => {
    const at = (h: number) => Date.UTC(2026, 10, 2, h)
    const [created, due] = ['2026-11-02T00:00:00Z', '2026-11-02T10:00:00Z']
    expect(lateness(created, due, at(5))).toBe('')
    expect(lateness(created, due, at(9))).toBe('warning')
    expect(lateness(created, due, at(11))).toBe('danger')
    expect(lateness(created, '0001-01-01T00:00:00Z', at(11))).toBe('')
  })
})
