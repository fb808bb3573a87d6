import { TradingError } from '@gatehouse/durable-log'

/**
 * Restores an LZ4 block into `target`, filling it exactly.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
export function lz4Uncompress(input: Uint8Array, target: Uint8Array): void {
  const end = input.length
  let at = 0
  let to = 0
  /** What follows a nibble of 15: bytes that are added up until one is below 255. */
  const longer = (): number => {
    for (let sum = 0; ;) {
      if (at >= end) throw corrupt('ends inside a length')
      const byte = input[at++]
      sum += byte
      if (byte !== 255) return sum
    }
  }
  while (at < end) {
    const token = input[at++]
    let literals = token >>> 4
    if (literals === 15) literals += longer()
    if (at + literals > end || to + literals > target.length) throw corrupt('has a literal that is too long')
    target.set(input.subarray(at, at + literals), to)
    at += literals
    to += literals
    // The last sequence is a literal alone.
    if (at === end) break
    if (at + 2 > end) throw corrupt('ends inside an offset')
    const offset = input[at] | (input[at + 1] << 8)
    at += 2
    let count = token & 15
    if (count === 15) count += longer()
    count += 4
    if (offset === 0 || offset > to || to + count > target.length) throw corrupt('has a copy that points outside')
    if (offset >= count) target.copyWithin(to, to - offset, to - offset + count)
    else for (let i = 0; i < count; i++) target[to + i] = target[to - offset + i]
    to += count
  }
  if (to !== target.length) throw corrupt(`ends after ${to} of ${target.length} bytes`)
}

/**
 * Parquet's older LZ4: blocks that each follow their two big-endian lengths, as Hadoop wrote them; or, from other writers, one bare block.
 * @see https://github.com/apache/parquet-format/blob/master/Compression.md
 */
export function lz4HadoopUncompress(input: Uint8Array, target: Uint8Array): void {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const blocks: { from: number; to: number; at: number; length: number }[] = []
  let at = 0
  let made = 0
  while (at + 8 <= input.length) {
    const length = view.getUint32(at)
    const stored = view.getUint32(at + 4)
    if (at + 8 + stored > input.length || made + length > target.length) break
    blocks.push({ from: at + 8, to: at + 8 + stored, at: made, length })
    at += 8 + stored
    made += length
  }
  if (at !== input.length || made !== target.length) return lz4Uncompress(input, target)
  for (const block of blocks) lz4Uncompress(input.subarray(block.from, block.to), target.subarray(block.at, block.at + block.length))
}

function corrupt(what: string): TradingError {
  return new TradingError('PARQUET_CORRUPT', `an LZ4 page ${what}`)
}
