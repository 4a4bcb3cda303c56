// The pages that citizens open must run in Chrome 66 and on iOS 12. No such
// browser is at hand, so what was built is held to what they know: the syntax of
// ES2019 (of which they know all), and none of the functions and styles that came
// later.
import { parse } from 'acorn'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const dist = fileURLToPath(new URL('../../../dist', import.meta.url))
const assets = existsSync(dist + '/assets') ? readdirSync(dist + '/assets') : []
const scripts = assets.filter((f: string) => /^(chat|track)-.*\.js$/.test(f)).map((f: string) => dist + '/assets/' + f).concat(dist + '/widget.js')
const styles = assets.filter((f: string) => /^(chat|track)-.*\.css$/.test(f)).map((f: string) => dist + '/assets/' + f)

// What came after Chrome 66 or iOS 12.0.
const later = /\.(replaceAll|matchAll|flatMap|flat|at|allSettled|any|fromEntries|hasOwn|trimStart|trimEnd|findLast|toSorted|groupBy)\(|structuredClone|globalThis|ResizeObserver|randomUUID|queueMicrotask|AbortSignal\.timeout|BigInt/
const laterStyles = /(^|[;{\s])((row-|column-)?gap|inset|aspect-ratio|accent-color):|:is\(|:where\(|:has\(|:focus-visible|\d(dvh|svh|lvh)|clamp\(|color-mix/

describe('old browsers', () => {
  it('finds what was built', () => {
    expect(scripts.length, 'run "make ui" first').toBeGreaterThanOrEqual(3)
    expect(styles.length).toBeGreaterThanOrEqual(2)
  })

  for (const file of scripts) it(file.slice(dist.length), () => {
    const code = readFileSync(file, 'utf8')
    parse(code, { ecmaVersion: 2019, sourceType: 'module' })
    expect(later.exec(code)?.[0]).toBeUndefined()
  })

  for (const file of styles) it(file.slice(dist.length), () => {
    expect(laterStyles.exec(readFileSync(file, 'utf8'))?.[0]).toBeUndefined()
  })
})
