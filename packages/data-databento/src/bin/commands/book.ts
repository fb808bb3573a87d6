import { LevelBook } from '../../book/level-book.js'
import { OrderBooks } from '../../book/books.js'
import type { BookLevel } from '../../book/order-book.js'
import { timeNs } from '../../historical/times.js'
import { RType } from '../../layout/enums.js'
import { receiveTime } from '../../live/recent-records.js'
import { SymbolIndex } from '../../symbols/symbol-index.js'
import { countOption, onlyFile, UsageError, type CommandContext } from './context.js'

/** `book FILE [--at TIME] [--levels N] [--instrument ID] [--json]`: the books at a time, or at the end of the file. */
export async function book(context: CommandContext): Promise<void> {
  const { options, out } = context
  const until = typeof options['at'] === 'string' ? timeOption(options['at']) : undefined
  const levels = countOption(context, 'levels') ?? 10
  const only = countOption(context, 'instrument')
  const dbn = await context.open(onlyFile(context))
  const symbols = new SymbolIndex(dbn.metadata)
  const orders = new OrderBooks()
  const published = new Map<number, LevelBook>()
  let last = 0n
  await dbn.forEachRun((run) => {
    symbols.learn(run)
    const isMbo = run.rtype === RType.mbo
    if (!isMbo && run.layout?.fields.some(({ kind }) => kind === 'struct') !== true) return true
    for (let row = 0; row < run.length; row += 1) {
      const word = run.wordOffset + row * run.stride
      const ts = run.window.view.getBigUint64((word + 2) * 4, true)
      if (until !== undefined && ts > until) return false
      const id = run.uint32[word + 1]
      if (only !== undefined && id !== only) continue
      last = receiveTime(run.window.view, word * 4, run.rtype)
      if (isMbo) orders.of(run, row).apply(run, row)
      else {
        let levelBook = published.get(id)
        if (levelBook === undefined) {
          levelBook = new LevelBook()
          published.set(id, levelBook)
        }
        levelBook.apply(run, row)
      }
    }
    return true
  })
  const found = [
    ...[...orders.entries()].map(({ instrumentId, publisherId, book }) => ({
      instrumentId,
      publisherId,
      book,
      unknownOrders: book.unknownOrders,
    })),
    ...[...published].map(([instrumentId, book]) => ({ instrumentId, publisherId: undefined, book, unknownOrders: undefined })),
  ]
  if (found.length === 0) throw new UsageError('no order or level of that instrument before that time')
  for (const { instrumentId, publisherId, book, unknownOrders } of found) {
    const side = (name: 'A' | 'B'): BookLevel[] =>
      Array.from({ length: levels }, (_, level) => book.level(name, level)).filter((level): level is BookLevel => level !== undefined)
    const symbol = symbols.symbolAt(instrumentId, last)
    const [bids, asks] = [side('B'), side('A')]
    if (options['json'] === true) {
      await out.line(
        JSON.stringify({
          instrument_id: instrumentId,
          publisher_id: publisherId,
          symbol,
          ts_event: String(last),
          unknown_orders: unknownOrders,
          bids,
          asks,
        }),
      )
      continue
    }
    await out.line(
      `${symbol ?? 'instrument'} ${instrumentId}${publisherId === undefined ? '' : ` publisher ${publisherId}`} at ${String(last)}`,
    )
    await out.line('  orders      size           bid | ask            size      orders')
    for (let level = 0; level < Math.max(bids.length, asks.length); level += 1) {
      const [bid, ask] = [bids[level], asks[level]]
      const left =
        bid === undefined
          ? ''.padStart(32)
          : `${String(bid.count).padStart(8)}${String(bid.size).padStart(10)}${String(bid.price).padStart(14)}`
      const right = ask === undefined ? '' : `${String(ask.price).padEnd(14)}${String(ask.size).padEnd(10)}${ask.count}`
      await out.line(`${left} | ${right}`)
    }
    if (unknownOrders !== undefined && unknownOrders > 0)
      await out.line(`  ${unknownOrders} messages named orders that were never added: the file begins in the middle of the day`)
  }
}

/** ISO 8601 or ns since the epoch. */
function timeOption(text: string): bigint {
  if (/^\d{15,}$/.test(text)) return BigInt(text)
  try {
    return timeNs(text, '--at')
  } catch {
    throw new UsageError(`--at takes ISO 8601 (UTC when it names no zone) or ns since the epoch, got "${text}"`)
  }
}
