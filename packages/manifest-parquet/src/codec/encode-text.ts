import { Buffer } from 'node:buffer'
import { ByteSink } from './byte-sink.js'
import { type TextValues } from './column-spec.js'
import { encodeCodes, type EncodedChunk } from './encode-chunk.js'

/** Least and greatest string by UTF-8 bytes, the order every reader of the format uses. */
export interface TextRange {
  readonly min: string
  readonly max: string
}

const sink = new ByteSink(1 << 16)

/** A dictionary of the strings that occur, in order of first appearance, and the indices into it. */
export function encodeText({ codes, dictionary }: TextValues): { chunk: EncodedChunk; range: TextRange | undefined } {
  const renumbered = new Int32Array(codes.length)
  const places = new Int32Array(dictionary.length).fill(-1)
  const used: Uint8Array[] = []
  const seen = new Map<string, number>()
  sink.reset()
  for (let i = 0; i < codes.length; i++) {
    let place = places[codes[i]]
    if (place < 0) {
      const text = dictionary[codes[i]]
      const known = seen.get(text)
      if (known === undefined) {
        place = used.length
        const bytes = Buffer.from(text, 'utf8')
        seen.set(text, place)
        used.push(bytes)
        appendString(bytes, sink)
      } else place = known
      places[codes[i]] = place
    }
    renumbered[i] = place
  }
  const chunk =
    used.length * 2 > codes.length && used.length > 16 ? plain(renumbered, used) : encodeCodes(renumbered, sink.view(), used.length)
  return { chunk, range: textRange(used) }
}

/** Mostly distinct strings gain nothing from a dictionary. */
function plain(codes: Int32Array, used: readonly Uint8Array[]): EncodedChunk {
  sink.reset()
  for (const code of codes) appendString(used[code], sink)
  return { encoding: 'PLAIN', page: sink.view(), compressible: true }
}

function appendString(bytes: Uint8Array, out: ByteSink): void {
  out.reserve(4)
  const length = bytes.length
  out.bytes[out.at++] = length
  out.bytes[out.at++] = length >>> 8
  out.bytes[out.at++] = length >>> 16
  out.bytes[out.at++] = length >>> 24
  out.append(bytes)
}

function textRange(used: readonly Uint8Array[]): TextRange | undefined {
  if (used.length === 0) return undefined
  let min = used[0]
  let max = used[0]
  for (const bytes of used) {
    if (Buffer.compare(bytes, min) < 0) min = bytes
    if (Buffer.compare(bytes, max) > 0) max = bytes
  }
  return { min: Buffer.from(min).toString('utf8'), max: Buffer.from(max).toString('utf8') }
}
