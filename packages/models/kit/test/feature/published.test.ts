import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { combine, identity, lag, relativeStrength, rollingMax, rollingMean, rollingSum, type Transform } from '@gatehouse/model-kit'

const shared = process.env.GATEHOUSE_SHARED ?? fileURLToPath(new URL('../../../../../../shared', import.meta.url))
const tables = `${shared}/published/backtrader.json`
const bars = `${shared}/data/reference/2006-day-001.txt`
const isThere = existsSync(tables) && existsSync(bars)
if (!isThere) process.stderr.write(`skipped: backtrader's published indicator values are not at ${shared}\n`)

interface Published {
  readonly indicators: Readonly<Record<string, { readonly chkvals: readonly (readonly string[])[]; readonly chkmin: number }>>
}

/** Indicators at the last, the first valid and the middle bar, to the six decimals that backtrader's own tests print. */
const checks: readonly [name: string, transform: Transform, column: number][] = [
  ['sma', rollingMean(30), 4],
  ['highest', rollingMax(14), 4],
  ['rsi', relativeStrength(14), 4],
  ['sumn', rollingSum(14), 4],
  ['pctchange', combine('change', identity, lag(30), (x, y) => x / y - 1), 4],
  ['momentumoscillator', combine('momentum', identity, lag(12), (x, y) => (100 * x) / y), 4],
]
for (const [name, transform, column] of checks)
  test.skipIf(!isThere)(`${name} gives backtrader's published values`, () => {
    const { chkvals, chkmin } = (JSON.parse(readFileSync(tables, 'utf8')) as Published).indicators[name]
    const rows = readFileSync(bars, 'utf8').trim().split('\n').slice(1)
    const values = rows.map((line) => Number(line.split(',')[column]))
    const cells = new Float64Array(1 + transform.slots)
    const out = values.map((x) => {
      cells[0] = x
      transform.push(cells, 1, 0, 0)
      return cells[0]
    })
    const span = values.length - chkmin
    const at = [values.length - 1, values.length - 1 - span, values.length - 1 - Math.ceil(span / 2)]
    expect(at.map((i) => out[i].toFixed(6))).toEqual(chkvals[0])
    expect(out.findIndex((x) => !Number.isNaN(x)) + 1).toBe(chkmin)
  })
