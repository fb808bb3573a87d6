import { headerLayout, type Layout } from '../layout/layout.js'
import { createWindow, type Window } from './window.js'

/**
 * Consecutive records of one type and one length, as an overlay on the bytes they came in: the fastest way to read DBN.
 *
 * Row `r` begins at word `wordOffset + r * stride`; a price at byte 16 of it is `int32[w + 5] * 4294967296 + uint32[w + 4]`.
 * The bytes belong to the decoder and are overwritten by its next `push`: use {@link copyRun} to keep a run.
 */
export interface RecordRun {
  readonly rtype: number
  /** `undefined` when the rtype is not known: only the header and `ts_out` can be read then. */
  readonly layout: Layout | undefined
  readonly window: Window
  readonly bytes: Uint8Array
  readonly int32: Int32Array
  readonly uint32: Uint32Array
  /** First record, in 4-byte words from the start of the window. */
  readonly wordOffset: number
  /** Words from one record to the next. */
  readonly stride: number
  /** Records in the run. */
  readonly length: number
  /** Word of `ts_out` within a record, -1 when the stream has none or the record is too short to hold it. */
  readonly tsOutWord: number
}

/** A run over records that lie in `window` from word `wordOffset`. */
export function createRun(
  window: Window,
  {
    rtype,
    layout,
    wordOffset,
    stride,
    length,
    tsOutWord,
  }: Pick<RecordRun, 'rtype' | 'layout' | 'wordOffset' | 'stride' | 'length' | 'tsOutWord'>,
): RecordRun {
  return { rtype, layout, window, bytes: window.bytes, int32: window.int32, uint32: window.uint32, wordOffset, stride, length, tsOutWord }
}

/** The layout to read a run with: its own, or the header alone for a type that is not known. */
export function runLayout(run: RecordRun): Layout {
  return run.layout ?? headerLayout
}

/** The bytes of all records of a run. */
export function runBytes(run: RecordRun): Uint8Array {
  return run.bytes.subarray(run.wordOffset * 4, (run.wordOffset + run.stride * run.length) * 4)
}

/** A run in memory of its own, to keep. */
export function copyRun(run: RecordRun): RecordRun {
  const window = createWindow(run.stride * run.length * 4)
  window.bytes.set(runBytes(run))
  return createRun(window, { ...run, wordOffset: 0 })
}
