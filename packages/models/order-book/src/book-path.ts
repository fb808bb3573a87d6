import { type BookView, type Instrument, type MarketView, type TimeNs } from '@gatehouse/core'
import { type BookFeatureSet, type BookStream, bookColumns, usualMoveOf } from './feature/book-features.js'
import { eventsOf, isOlder, lastEventOf, midOf, pauseSeconds, spreadOf } from './feature/moment.js'
import { horizonSeconds, type ResolvedOptions } from './options.js'

/** One look at the book: what the labels of earlier rows need of it. */
export interface PathPoint {
  readonly time: bigint
  /** Ticks; `NaN` where a side of the book was empty. A pause is a point of its own, `NaN` too. */
  readonly mid: number
  readonly spread: number
  /** Volume bought less volume sold since the point before. */
  readonly flow: number
  /** Row of the feature matrix made here, -1 for none. */
  readonly row: number
}

/** Called for every row: features, and what is usual here. Both are reused. */
export type RowSink = (stream: BookStream, scaleBp: number) => number

/**
 * Whether a stream can be predicted from at a time: warm, whole, not stale, at a price that is one (basis points of zero mean nothing). Training and serving
 * ask the same question.
 */
export function isReady(stream: BookStream, now: TimeNs, staleMs: number): boolean {
  return stream.isWarm && stream.isComplete && midOf(stream.memory) > 0 && !isOlder(stream.memory, now, staleMs)
}

/** Usual move of the middle over the horizon, basis points: the unit of the impact head. A market that stood still for minutes is taken to move a tenth of a tick. */
export function scaleOf({ memory }: Pick<BookStream, 'memory'>, seconds: number): number {
  const scale = { usualMoveBp: NaN }
  writeScale(scale, memory, seconds)
  return scale.usualMoveBp
}
/** The same into a field: a number that is returned may be boxed. */
export function writeScale(to: { usualMoveBp: number }, memory: Float64Array, seconds: number): void {
  const ticks = usualMoveOf(memory) * Math.sqrt(seconds)
  to.usualMoveBp = (1e4 * (ticks > 0.1 ? ticks : 0.1)) / midOf(memory)
}

/**
 * Walks one instrument's book through time and looks at it at every step. A step in time shows what was known *before* that instant, as a run's clock does:
 * it rings before the event of the same time.
 */
export class BookPath {
  readonly points: PathPoint[] = []
  readonly stream: BookStream
  readonly #stepNs: bigint | undefined
  readonly #everyEvents: number
  #due: bigint | undefined
  #flow = 0
  #lastTime = 0n

  constructor(
    features: BookFeatureSet,
    instrument: Instrument,
    private readonly options: Pick<ResolvedOptions, 'step' | 'horizon' | 'stride' | 'staleMs'>,
    private readonly sink: RowSink,
  ) {
    this.stream = features.open(instrument)
    const { step } = options
    this.#stepNs = 'ms' in step ? BigInt(step.ms) * 1_000_000n : undefined
    this.#everyEvents = 'events' in step ? step.events : 0
  }

  /** Takes a view of the instrument, of a book or a corporate action. */
  take(view: MarketView): void {
    if (view.schema !== 'mbp-10') {
      if (this.stream.update(view)) this.#pause()
      return
    }
    const time = view.availableAt
    if (this.#lastTime !== 0n && time - this.#lastTime > BigInt(pauseSeconds) * 1_000_000_000n) this.#pause()
    this.#lastTime = time
    if (this.#stepNs !== undefined) this.#ring(time, this.#stepNs)
    this.stream.update(view)
    const book = view as BookView
    if (book.action === 'T' && book.size > 0 && book.size < Infinity)
      this.#flow += book.side === 'B' ? book.size : book.side === 'A' ? -book.size : 0
    const { memory } = this.stream
    if (this.#everyEvents > 0 && lastEventOf(memory) !== 0 && eventsOf(memory) % this.#everyEvents === 0)
      this.#look(time, (eventsOf(memory) / this.#everyEvents) % this.options.stride === 0)
  }

  #ring(time: bigint, step: bigint): void {
    if (this.#due === undefined) this.#due = (time / step + 1n) * step
    for (; this.#due <= time; this.#due += step) this.#look(this.#due, (this.#due / step) % BigInt(this.options.stride) === 0n)
  }

  #look(time: bigint, isWanted: boolean): void {
    const { stream } = this
    const isOpen = lastEventOf(stream.memory) !== 0
    const isRow = isWanted && isReady(stream, time, this.options.staleMs)
    this.points.push({
      time,
      mid: isOpen ? midOf(stream.memory) : NaN,
      spread: isOpen ? spreadOf(stream.memory) : NaN,
      flow: this.#flow,
      row: isRow ? this.sink(stream, scaleOf(stream, horizonSeconds(this.options))) : -1,
    })
    this.#flow = 0
  }

  /** Nothing is known across a pause: no label reaches over it. */
  #pause(): void {
    this.points.push({ time: this.#lastTime, mid: NaN, spread: NaN, flow: 0, row: -1 })
    this.#due = undefined
    this.#flow = 0
  }
}

/** Numbers of a row. */
export const rowWidth = bookColumns.length
