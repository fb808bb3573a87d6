import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createReport, type RunRecord } from '../../src/report/index.js'
import { randomBars, smaCross } from '../statistics/published/sma-cross.js'

describe('the tear sheet', () => {
  const report = createReport(smaCross(randomBars(1500), { symbol: 'WALK', feeRate: 0.0005 }))

  test('needs nothing from the network', () => {
    const html = report.toHtml()
    expect(html).not.toMatch(/\b(?:src|href)=|@import|url\(|fetch\(|https?:\/\/(?!www\.w3\.org\/2000\/svg)/)
    expect(html).toContain("default-src 'none'")
  })

  test('shows every part', () => {
    const html = report.toHtml()
    for (const part of [
      'Equity, USD',
      'Drawdown',
      'Returns by month',
      'Sharpe ratio, rolling',
      'Trades on WALK',
      'Profit factor',
      'Deepest drawdowns',
      'Closed trades',
    ]) {
      expect(html).toContain(part)
    }
  })

  test('describes each chart for those who cannot see it', () => {
    const html = report.toHtml()
    const charts = html.match(/<svg [^>]*role="img" aria-labelledby="([^"]+)"/g)!
    expect(charts.length).toBeGreaterThanOrEqual(5)
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1])
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, names] of html.matchAll(/aria-labelledby="([^"]+)"/g)) for (const id of names.split(' ')) expect(ids).toContain(id)
  })

  test('has no NaN or infinity in a path', () => {
    expect(report.toHtml()).not.toMatch(/(?: d| x| y|x1|y1|cx|cy|width|height)="[^"]*(?:NaN|Infinity|undefined)/)
  })

  test('shows names as text, whatever they contain', () => {
    const evil = `<img src=x onerror=alert(1)>'"&</script>`
    const record: RunRecord = {
      ...report.record,
      name: evil,
      instruments: [{ symbol: evil }],
      currency: 'U<b>',
      benchmark: { ...report.record.benchmark!, name: evil },
      refusals: [{ rule: evil, count: 1, lastAt: 0n, lastReason: evil }],
      flags: [{ type: 'note', message: evil }],
      provenance: { [evil]: evil },
    }
    const html = createReport(record).toHtml()
    expect(html).not.toContain('<img')
    expect(html).not.toContain('<b>"')
    expect(html.match(/<\/script>/g)).toHaveLength(1)
  })

  test('stays small however long the run was', () => {
    const count = 200_000
    const minutes = smaCross(randomBars(20_000, { stepNs: 60_000_000_000n }), { fast: 3, slow: 7 })
    const times = BigInt64Array.from({ length: count }, (_, i) => minutes.equity.times[0] + BigInt(i) * 1_000_000_000n)
    const values = Float64Array.from(times, (_, i) => 10_000 + 500 * Math.sin(i / 9000) + (i % 97))
    const long = createReport({
      ...minutes,
      equity: { times, values },
      prices: [{ instrument: 0, times, close: values }],
      benchmark: undefined,
    })
    expect(long.record.fills.times.length).toBeGreaterThan(4000)
    expect(long.toHtml().length).toBeLessThan(600_000)
  })

  test('keeps a spike of a single sample among many', () => {
    const count = 100_000
    const times = BigInt64Array.from({ length: count }, (_, i) => BigInt(i) * 1_000_000_000n)
    const values = new Float64Array(count).fill(1000)
    values[54_321] = 400
    const html = createReport({ ...report.record, equity: { times, values }, benchmark: undefined, prices: undefined }).toHtml()
    expect(html).toContain('−60.0 %')
  })

  test('is written to a file, or says which file it could not write', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-report-'))
    try {
      await report.writeHtml(join(folder, 'sheet.html'))
      expect(await readFile(join(folder, 'sheet.html'), 'utf8')).toBe(report.toHtml())
      const missing = join(folder, 'no', 'such', 'sheet.html')
      await expect(report.writeHtml(missing)).rejects.toMatchObject({ code: 'REPORT_WRITE', details: { file: missing } })
      await expect(report.writeHtml(join(folder, 'late.html'), { signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('gives its figures as JSON without NaN', () => {
    const json = JSON.parse(JSON.stringify(createReport({ ...report.record, benchmark: undefined }))) as {
      statistics: Record<string, unknown>
    }
    expect(json.statistics.from).toMatch(/^2015-01-02T/)
    expect(json.statistics.benchmark).toBeUndefined()
  })
})
