/**
 * `npm run evaluate -- FAMILY --data ../shared/data [--seed N] [--looks FILE] [--html FILE]`: a family on real data, beside the baselines of the research notes on the same
 * splits, with intervals. `--looks` keeps the ledger of looks at test data in a file. Exit 1 when a baseline's own row is not reproduced within noise: then nothing printed beside it means anything.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isTradingError, progressLine } from '@gatehouse/core'
import { lookLedger, openLookLedger } from '@gatehouse/model-kit'
import { type Figure, type RealDataCase, type RealDataResult, type RealDataTable } from './evaluate/real-data-case.js'

const families = readdirSync(new URL('evaluate/', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('real-data'))
  .map((file) => file.replace(/\.ts$/, ''))
const usage = `npm run evaluate -- FAMILY --data DIR [--seed N] [--looks FILE] [--html FILE]\n\nFAMILY: ${families.join(', ')}`

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string', default: '../shared/data' },
      seed: { type: 'string', default: '1' },
      looks: { type: 'string' },
      html: { type: 'string' },
    },
  })
  const [family] = positionals
  if (family === undefined || !families.includes(family)) {
    process.stderr.write(`${family === undefined ? '' : `there is no ${family}\n\n`}${usage}\n`)
    process.exit(2)
  }
  const data = resolve(values.data)
  if (!existsSync(data)) throw new Error(`there is no folder ${data}; name the data with --data`)
  const { evaluateOnRealData } = (await import(`./evaluate/${family}.js`)) as { evaluateOnRealData: RealDataCase }
  const line = progressLine({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    columns: process.stderr.columns,
    now: () => performance.now(),
  })
  const result = await evaluateOnRealData
    .run({
      data,
      seed: Number(values.seed),
      looks: values.looks === undefined ? lookLedger() : openLookLedger(values.looks),
      onProgress: line.update,
    })
    .finally(line.clear)
  print(family, result)
  if (values.html !== undefined) {
    if (result.html === undefined) throw new Error(`${family} makes no page`)
    writeFileSync(values.html, result.html)
    console.log(`\nwritten: ${values.html}`)
  }
  process.exitCode = result.reproductions.every(isWithin) ? 0 : 1
} catch (error) {
  process.stderr.write(
    `${isTradingError(error) ? `${error.message} (${error.code})` : error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exitCode = 1
}

function print(family: string, { tables, reproductions, findings }: RealDataResult): void {
  console.log(`${family} on real data`)
  for (const table of tables) printTable(table)
  if (reproductions.length > 0) console.log(`\nThe notes' own rows, computed again:`)
  for (const row of reproductions) {
    const { what, published, found, tolerance, because } = row
    console.log(
      `  ${isWithin(row) ? 'same' : 'DIFFERS'}  ${what}: notes ${short(published)}, here ${short(found)}, noise ${short(tolerance)} (${because})`,
    )
  }
  if (findings.length > 0) console.log('\nTo be said:')
  for (const finding of findings) console.log(`  - ${finding}`)
}

function isWithin({ published, found, tolerance }: RealDataResult['reproductions'][number]): boolean {
  return Math.abs(published - found) <= tolerance
}

function printTable({ title, note, columns, rows }: RealDataTable): void {
  const cells = rows.map(({ name, kind, figures }) => [kind === 'ours' ? `* ${name}` : kind === 'published' ? `  ${name} (notes)` : `  ${name}`, ...figures.map(show)]) // prettier-ignore
  const all = [['', ...columns], ...cells]
  const widths = all[0].map((_, k) => Math.max(...all.map((row) => (row[k] ?? '').length)))
  console.log(`\n${title}\n${note}`)
  for (const row of all) console.log(`  ${row.map((cell, k) => cell.padEnd(widths[k])).join('  ').trimEnd()}`) // prettier-ignore
}

function show(figure: Figure | undefined): string {
  if (figure === undefined) return '–'
  const { value, lower, upper } = figure
  return lower === undefined || upper === undefined ? short(value) : `${short(value)} [${short(lower)}, ${short(upper)}]`
}

function short(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3).replace(/^(-?)0\./, '$1.') : '–'
}
