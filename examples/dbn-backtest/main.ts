/**
 * A back-test of a small order-book strategy on Databento files:
 *
 *   node --conditions=@gatehouse/source --import tsx examples/dbn-backtest/main.ts ESH4.mbo.dbn.zst [more files…]
 *
 * Files of `mbo` are turned into ten-level books, files of `mbp-10` are read as they are. Without a file it prints this and ends.
 */
import { perInstrument, run, simulatedBroker, type Strategy } from '@gatehouse/core'
import { dbnFiles, openDbn } from '@gatehouse/data-databento'

const files = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

/** Holds one contract on the side that the queue leans to, out again when it no longer does. */
const queueImbalance = (enter = 0.3, leave = 0.05): Strategy => {
  const smoothed = perInstrument(() => ({ value: 0, events: 0 }))
  return {
    name: 'queue-imbalance',
    onBook(book, { orders }) {
      const [bid, ask] = [book.bidSize(0), book.askSize(0)]
      if (bid + ask === 0) return
      const lean = smoothed(book.instrument)
      lean.value += ((bid - ask) / (bid + ask) - lean.value) / 200
      lean.events += 1
      if (lean.events < 500) return
      if (Math.abs(lean.value) > enter) orders.target(book.instrument, Math.sign(lean.value))
      else if (Math.abs(lean.value) < leave) orders.target(book.instrument, 0)
    },
  }
}

async function main(first: string): Promise<void> {
  await using head = await openDbn(first)
  const levels = head.metadata?.schema === 'mbo' ? 'mbp-10' : undefined
  await using feed = await dbnFiles({ files, levels })
  const result = await run({
    time: 'backtest',
    strategy: () => queueImbalance(),
    feeds: [feed],
    broker: simulatedBroker({ cash: 1_000_000 }),
  })
  console.log(result.report.toString())
}

if (files[0] === undefined) console.log('usage: main.ts FILE.dbn.zst… (schema mbo or mbp-10)')
else await main(files[0])
