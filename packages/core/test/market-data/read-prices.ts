/** A process of its own, run with --expose-gc: prints the bytes that a price read of each kind of array leaves on the heap, once warm. */
import { createBatch, equity, schemaColumns, type ColumnsOf } from '@gatehouse/core'

const rows = 4096
const kinds = {
  Float64Array: { divisor: 1, prices: new Float64Array(rows).map((_, row) => 100 + row / 100) },
  Int32Array: { divisor: 100, prices: new Int32Array(rows).map((_, row) => 10_000 + row) },
  BigInt64Array: { divisor: 1e9, prices: new BigInt64Array(rows).map((_, row) => BigInt(100 + row) * 10_000_000n) },
}
const { divisor, prices } = kinds[process.argv[2] as keyof typeof kinds]
const columns = Object.fromEntries(
  schemaColumns['mbp-10'].map(({ name, kind }) => {
    if (kind === 'price') return [name, prices]
    if (kind === 'time') return [name, new BigInt64Array(rows)]
    return [name, kind === 'size' || kind === 'count' ? new Uint32Array(rows) : new Uint8Array(rows)]
  }),
) as unknown as ColumnsOf<'mbp-10'>
const book = createBatch({ schema: 'mbp-10', source: 'test', instruments: [equity('A')], columns, priceDivisor: divisor }).view()

const sums = new Float64Array(10)
function read(events: number): void {
  for (let event = 0; event < events; event++) {
    book.row = event % rows
    for (let level = 0; level < 10; level++) sums[level] += book.askPrice(level) - book.bidPrice(level)
  }
}

for (let i = 0; i < 20; i++) read(20_000)
let least = Infinity
for (let i = 0; i < 5; i++) {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  read(50_000)
  least = Math.min(least, (process.memoryUsage().heapUsed - before) / 1e6)
}
console.log(least)
