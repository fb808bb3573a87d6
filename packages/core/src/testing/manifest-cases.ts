import assert from 'node:assert/strict'
import type { Batch } from '../interfaces/batch.js'
import type { Manifest, ScanQuery } from '../interfaces/manifest.js'
import { createBatch } from '../market-data/columnar-batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import { conformanceSuite, type ConformanceCase } from './suite.js'

/** The storage below a manifest, and ways to hurt it. */
export interface ManifestStorage {
  /** Flips one bit of one data file that the newest version names. */
  flipDataBit(): Promise<void>
  /** Removes one data file that the newest version names. */
  removeDataFile(): Promise<void>
  /** Changes a byte of the log of versions without changing its length. */
  editLog(): Promise<void>
}

export interface ManifestHarness {
  readonly manifest: Manifest
  readonly storage: ManifestStorage
  /** A second, independent opening of the same storage. */
  readonly openAgain: () => Promise<Manifest>
}

const instrument = (symbol: string): Instrument => ({
  id: `${symbol}.TEST`,
  symbol,
  venue: 'TEST',
  assetClass: 'equity',
  currency: 'USD',
  tickSize: 0.01,
  lotSize: 1,
  multiplier: 1,
  calendar: '24x7',
})
const hour = 3_600_000_000_000n
const start = 1_600_000_000_000_000_000n

/** Hourly bars of one name, from bar `first`; closes are distinct and awkward in binary. */
function bars(symbol: string, first: number, count: number): Batch<'ohlcv-1h'> {
  const at = (index: number): bigint => start + BigInt(first + index) * hour
  const prices = (offset: number) => Float64Array.from({ length: count }, (_, index) => 100.1 + (first + index) * 0.07 + offset)
  return createBatch({
    schema: 'ohlcv-1h',
    source: 'conformance',
    instruments: [instrument(symbol)],
    columns: {
      tsEvent: BigInt64Array.from({ length: count }, (_, index) => at(index)),
      open: prices(0),
      high: prices(0.5),
      low: prices(-0.5),
      close: prices(0.1),
      volume: Float64Array.from({ length: count }, (_, index) => first + index),
    },
  })
}

interface Row {
  readonly symbol: string
  readonly availableAt: bigint
  readonly close: number
  readonly volume: number
}

async function rows(manifest: Manifest, query: ScanQuery = {}, pin: Parameters<Manifest['at']>[0] = 'latest'): Promise<readonly Row[]> {
  const found: Row[] = []
  for await (const batch of manifest.at(pin).scan({ schema: 'ohlcv-1h', ...query })) {
    const typed = batch as Batch<'ohlcv-1h'>
    const view = typed.view()
    for (view.row = 0; view.row < typed.length; view.row++) {
      found.push({ symbol: view.instrument.symbol, availableAt: view.availableAt, close: view.close, volume: view.volume })
    }
  }
  return found
}

const txn = (sequence: number, appId = 'conformance') => ({ appId, sequence })

/** What every manifest must do, whatever it is stored in. */
export function manifestCases(open: () => Promise<ManifestHarness>): readonly ConformanceCase[] {
  return conformanceSuite<ManifestHarness>({
    suite: 'Manifest',
    open,
    release: ({ manifest }) => manifest.close(),
    cases: [
      {
        name: 'what was committed is read back exactly, in time order across symbols',
        async check({ manifest }) {
          await manifest.append(bars('AAA', 0, 50), txn(1))
          await manifest.append(bars('BBB', 0, 50), txn(2))
          await manifest.commit()
          const found = await rows(manifest)
          assert.equal(found.length, 100)
          for (let index = 1; index < found.length; index++)
            assert.ok(found[index].availableAt >= found[index - 1].availableAt, `row ${index} goes back in time`)
          assert.equal(found.find(({ symbol, volume }) => symbol === 'BBB' && volume === 7)?.close, 100.1 + 7 * 0.07 + 0.1)
        },
      },
      {
        name: 'a pin names the same rows for ever, whatever comes after',
        async check({ manifest }) {
          await manifest.append(bars('AAA', 0, 20), txn(1))
          const pin = await manifest.commit()
          const before = await rows(manifest, {}, pin)
          await manifest.append(bars('AAA', 20, 20), txn(2))
          await manifest.commit()
          assert.deepEqual(await rows(manifest, {}, pin), before)
          assert.equal((await rows(manifest)).length, 40)
        },
      },
      {
        name: 'a transaction told twice is stored once, also across openings',
        async check({ manifest, openAgain }) {
          await manifest.append(bars('AAA', 0, 10), txn(1))
          await manifest.append(bars('AAA', 0, 10), txn(1))
          await manifest.commit()
          const second = await openAgain()
          await second.append(bars('AAA', 0, 10), txn(1))
          await second.commit()
          assert.equal((await rows(second)).length, 10)
          await second.close()
        },
      },
      {
        name: 'a scan keeps to its range (half-open) and its symbols',
        async check({ manifest }) {
          await manifest.append(bars('AAA', 0, 30), txn(1))
          await manifest.append(bars('BBB', 0, 30), txn(2))
          await manifest.commit()
          const found = await rows(manifest, { symbols: ['BBB'], from: start + 11n * hour, to: start + 21n * hour })
          assert.deepEqual(
            found.map(({ symbol, volume }) => `${symbol} ${volume}`),
            Array.from({ length: 10 }, (_, index) => `BBB ${index + 10}`),
          )
        },
      },
      {
        name: 'another opening sees what was committed and nothing that was not',
        async check({ manifest, openAgain }) {
          await manifest.append(bars('AAA', 0, 10), txn(1))
          await manifest.commit()
          const second = await openAgain()
          assert.equal((await rows(second)).length, 10)
          await second.close()
        },
      },
      {
        name: 'verify proves an untouched pin',
        async check({ manifest }) {
          await manifest.append(bars('AAA', 0, 10), txn(1))
          const pin = await manifest.commit()
          const verification = await manifest.at(pin).verify()
          assert.deepEqual(verification.findings, [])
          assert.equal(verification.ok, true)
          assert.equal(verification.rows, 10)
        },
      },
      ...(['flipDataBit', 'removeDataFile', 'editLog'] as const).map((harm) => ({
        name: `verify notices ${{ flipDataBit: 'a flipped bit in the data', removeDataFile: 'a missing data file', editLog: 'an edited log' }[harm]}`,
        async check({ manifest, storage, openAgain }: ManifestHarness) {
          await manifest.append(bars('AAA', 0, 1_000), txn(1))
          const pin = await manifest.commit()
          await manifest.append(bars('AAA', 1_000, 10), txn(2))
          const latest = await manifest.commit()
          await storage[harm]()
          const outcome = await judge(openAgain, harm === 'editLog' ? latest : pin, latest)
          assert.equal(outcome, 'noticed', `after ${harm} a fresh opening verified both pins as if nothing had happened`)
        },
      })),
      {
        name: 'a batch out of time order is refused and leaves the table as it was',
        async check({ manifest }) {
          await manifest.append(bars('AAA', 0, 10), txn(1))
          await manifest.commit()
          const broken = bars('AAA', 10, 3)
          const falling = Object.create(broken, { availableAt: { value: broken.availableAt.slice().reverse() } }) as Batch
          await assert.rejects(async () => {
            await manifest.append(falling, txn(2))
            await manifest.commit()
          })
          assert.equal((await rows(manifest)).length, 10)
        },
      },
      {
        name: 'close can be called twice',
        async check({ manifest }) {
          await manifest.close()
          await manifest.close()
        },
      },
    ],
  })
}

/** Whether a fresh opening notices harm to either pin: by a finding or by refusing to open or verify. */
async function judge(openAgain: () => Promise<Manifest>, ...pins: Parameters<Manifest['at']>[0][]): Promise<'noticed' | 'missed'> {
  let again: Manifest | undefined
  try {
    again = await openAgain()
    for (const pin of pins) if (!(await again.at(pin).verify()).ok) return 'noticed'
    return 'missed'
  } catch {
    // Refusing is noticing: an opening that throws has not passed the harm on.
    return 'noticed'
  } finally {
    await again?.close()
  }
}
