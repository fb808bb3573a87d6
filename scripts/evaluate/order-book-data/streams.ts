import { join } from 'node:path'
import { crypto, sliceBatch, type Batch, type Dataset } from '@gatehouse/core'
import { dbnFiles } from '@gatehouse/data-databento'
import { readCapture } from './binance-capture.js'

/** One stream of books with its name in research/baselines.md. */
export interface Stream {
  readonly name: string
  readonly dataset: Dataset
}

const captures = [
  { name: 'usdm BTC', file: 'usdm_btcusdt_20240808.gz', pair: 'BTC/USDT', source: 'BINANCE.USDM', tickSize: 0.1 },
  { name: 'usdm ETH', file: 'usdm_ethusdt_20240808.gz', pair: 'ETH/USDT', source: 'BINANCE.USDM', tickSize: 0.01 },
  { name: 'cm BTC', file: 'cm_btcusd_perp_20240808.gz', pair: 'BTC/USD', source: 'BINANCE.CM', tickSize: 0.1 },
  { name: 'spot BTC', file: 'spot_btcusdt_20240808.gz', pair: 'BTC/USDT', source: 'BINANCE.SPOT', tickSize: 0.01 },
] as const

/** The five streams of the data folder. The files are not pinned: what is trained on them is judged here and goes nowhere. */
export async function openStreams(data: string): Promise<readonly Stream[]> {
  const coins = captures.map(({ name, file, pair, source, tickSize }): Stream => {
    const instrument = crypto(pair, { tickSize, venue: source })
    const batch = readCapture(join(data, 'l2-crypto', file), instrument, source)
    return { name, dataset: memoryDataset(name, source, [batch]) }
  })
  return [...coins, { name: 'ES', dataset: await futures(data) }]
}

/** E-mini S&P 500 of Christmas 2023: the live session from 23:00 UTC on, books rebuilt of orders by our own reader. */
async function futures(data: string): Promise<Dataset> {
  const file = (name: string): string => join(data, 'l2-cme', name)
  await using feed = await dbnFiles({
    files: [file('esh4-glbx-mdp3-20231224.mbo.dbn.zst'), file('esh4-glbx-mdp3-20231225.mbo.dbn.zst')],
    definitions: [file('definition-glbx-es-fut.dbn.zst')],
    levels: 'mbp-10',
  })
  const open = BigInt(Date.parse('2023-12-25T23:00:00Z')) * 1_000_000n
  const batches: Batch[] = []
  for await (const item of feed.batches({ from: open, to: 2n ** 62n })) {
    if (item.type !== 'batch') continue
    const first = item.availableAt.findIndex((time) => time >= open)
    if (first >= 0) batches.push(sliceBatch(item, first, item.length).retain())
  }
  return memoryDataset('ES', batches[0].source, batches)
}

function memoryDataset(name: string, source: string, batches: readonly Batch[]): Dataset {
  const last = batches[batches.length - 1]
  return {
    name,
    source,
    pins: [],
    instruments: [...new Set(batches.flatMap(({ instruments }) => instruments))],
    range: { from: batches[0].availableAt[0], to: last.availableAt[last.length - 1] + 1n },
    async *batches(schema) {
      if (schema === 'mbp-10') yield* batches
    },
  }
}
