import { type Encoding } from 'hyparquet'
import { ByteSink } from './byte-sink.js'
import { type Codec, compress } from './compression.js'
import { encodeDelta32, encodeDelta64 } from './delta-encode.js'
import { buildDictionary, codeWidth, type Dictionary, type NumericArray } from './dictionary.js'
import { encodeHybrid } from './hybrid.js'

/** Rows of the trial that picks a chunk's encoding. */
const trialRows = 4096
const largestDictionary = 1 << 16

/** A chunk's pages before compression. Views are valid until the next chunk is encoded. */
export interface EncodedChunk {
  readonly encoding: Encoding
  readonly dictionary?: { readonly bytes: Uint8Array; readonly size: number } | undefined
  readonly page: Uint8Array
}

const pageSink = new ByteSink(1 << 20)
const trialSink = new ByteSink(1 << 16)
const compressedSink = new ByteSink(1 << 16)

type Candidate = 'PLAIN' | 'DELTA_BINARY_PACKED' | 'RLE_DICTIONARY'

/** Encodes a chunk as whichever of DELTA, dictionary and PLAIN is smallest on a sample after compression. */
export function encodeNumbers(values: NumericArray, codec: Codec): EncodedChunk {
  for (const candidate of ranked(values, codec)) {
    if (candidate === 'PLAIN') return { encoding: 'PLAIN', page: bytesOf(values) }
    pageSink.reset()
    if (candidate === 'DELTA_BINARY_PACKED') {
      if (encodeDelta(values, pageSink)) return { encoding: candidate, page: pageSink.view() }
    } else {
      const dictionary = buildDictionary(values, largestDictionary)
      if (dictionary) return encodeCodes(dictionary.codes, bytesOf(dictionary.halves), dictionary.size)
    }
  }
  return { encoding: 'PLAIN', page: bytesOf(values) }
}

/** A page of indices with the dictionary page they point into. */
export function encodeCodes(codes: Int32Array, dictionary: Uint8Array, size: number): EncodedChunk {
  pageSink.reset()
  pageSink.reserve(1)
  const width = codeWidth(size)
  pageSink.bytes[pageSink.at++] = width
  encodeHybrid(codes, width, pageSink)
  return { encoding: 'RLE_DICTIONARY', dictionary: { bytes: dictionary, size }, page: pageSink.view() }
}

/** Candidates by the size a sample predicts for the whole chunk, smallest first. Integer arithmetic only, so every machine agrees. */
function ranked(values: NumericArray, codec: Codec): Candidate[] {
  const rows = values.length
  if (rows === 0) return ['PLAIN']
  const taken = Math.min(rows, trialRows)
  const start = (rows - taken) >> 1
  const sample = values.subarray(start, start + taken)
  const sizes: { candidate: Candidate; bytes: number }[] = []
  trialSink.reset()
  if (!(values instanceof Float64Array || values instanceof Float32Array) && encodeDelta(sample, trialSink)) {
    sizes.push({ candidate: 'DELTA_BINARY_PACKED', bytes: compressedSize(trialSink.view(), codec) * rows })
  }
  const dictionary = buildDictionary(sample, taken < rows ? taken >> 1 : Math.max(16, taken >> 1))
  if (dictionary) sizes.push({ candidate: 'RLE_DICTIONARY', bytes: dictionarySize(dictionary, taken, rows, codec) })
  sizes.push({ candidate: 'PLAIN', bytes: compressedSize(bytesOf(sample), codec) * rows })
  return sizes.sort((a, b) => a.bytes - b.bytes).map(({ candidate }) => candidate)
}

function dictionarySize({ codes, size, halves }: Dictionary, taken: number, rows: number, codec: Codec): number {
  trialSink.reset()
  encodeHybrid(codes, codeWidth(size), trialSink)
  let early = 0
  for (let i = 0; i < taken >> 1; i++) if (codes[i] >= early) early = codes[i] + 1
  const width = halves.byteLength / size
  // Distinct values grow more slowly than rows: half of the pace of the sample's second half is assumed.
  const entries = size * taken + (size - early) * (rows - taken)
  return compressedSize(trialSink.view(), codec) * rows + entries * width
}

function compressedSize(bytes: Uint8Array, codec: Codec): number {
  if (codec === 'uncompressed') return bytes.length
  compressedSink.reset()
  compress(codec, bytes, compressedSink)
  return Math.min(compressedSink.at, bytes.length)
}

function encodeDelta(values: NumericArray, out: ByteSink): boolean {
  if (values instanceof BigInt64Array) return encodeDelta64(values, out)
  if (!(values instanceof Int32Array)) return false
  encodeDelta32(values, out)
  return true
}

function bytesOf(values: NumericArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
