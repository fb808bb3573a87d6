import { type Encoding } from 'hyparquet'
import { ByteSink } from './byte-sink.js'
import { encodeByteStreamSplit } from './byte-stream-split.js'
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
  /** what a sample says of compression: false when it gains too little to be worth a reader's time */
  readonly compressible: boolean
  /** distinct values of a dictionary chunk, as the column has them */
  readonly distinct?: NumericArray | undefined
}

const pageSink = new ByteSink(1 << 20)
const trialSink = new ByteSink(1 << 16)
const compressedSink = new ByteSink(1 << 16)

type Candidate = 'PLAIN' | 'DELTA_BINARY_PACKED' | 'RLE_DICTIONARY' | 'BYTE_STREAM_SPLIT'

/** Encodes a chunk as whichever of DELTA, dictionary, byte-stream-split and PLAIN is smallest on a sample after compression. */
export function encodeNumbers(values: NumericArray, codec: Codec): EncodedChunk {
  for (const { candidate, compressible } of ranked(values, codec)) {
    if (candidate === 'PLAIN') return { encoding: 'PLAIN', page: bytesOf(values), compressible }
    pageSink.reset()
    if (candidate === 'BYTE_STREAM_SPLIT') {
      encodeSplit(values, pageSink)
      return { encoding: candidate, page: pageSink.view(), compressible }
    }
    if (candidate === 'DELTA_BINARY_PACKED') {
      if (encodeDelta(values, pageSink)) return { encoding: candidate, page: pageSink.view(), compressible }
    } else {
      const dictionary = buildDictionary(values, largestDictionary)
      if (!dictionary) continue
      const { codes, halves, size } = dictionary
      const distinct = new (values.constructor as new (buffer: ArrayBuffer) => NumericArray)(halves.buffer)
      return { ...encodeCodes(codes, bytesOf(halves), size), compressible, distinct }
    }
  }
  return { encoding: 'PLAIN', page: bytesOf(values), compressible: true }
}

/** A page of indices with the dictionary page they point into. */
export function encodeCodes(codes: Int32Array, dictionary: Uint8Array, size: number): EncodedChunk {
  pageSink.reset()
  pageSink.reserve(1)
  const width = codeWidth(size)
  pageSink.bytes[pageSink.at++] = width
  encodeHybrid(codes, width, pageSink)
  return { encoding: 'RLE_DICTIONARY', dictionary: { bytes: dictionary, size }, page: pageSink.view(), compressible: true }
}

interface Trial {
  readonly candidate: Candidate
  /** size of the whole chunk as the sample predicts it, times the rows of the sample */
  readonly bytes: number
  readonly compressible: boolean
}

/** Candidates by the size a sample predicts for the whole chunk, smallest first. Integer arithmetic only, so every machine agrees. */
function ranked(values: NumericArray, codec: Codec): Trial[] {
  const rows = values.length
  const taken = Math.min(rows, trialRows)
  const start = (rows - taken) >> 1
  const sample = values.subarray(start, start + taken)
  const trials: Trial[] = []
  const add = (candidate: Candidate, encoded: Uint8Array, extra: number): void => {
    const compressed = compressedSize(encoded, codec)
    // A short chunk is its own sample: nothing is left to guess.
    const compressible = taken === rows || compressed * 50 < encoded.length * 49
    trials.push({ candidate, bytes: compressed * rows + extra, compressible })
  }
  trialSink.reset()
  if (encodeDelta(sample, trialSink)) add('DELTA_BINARY_PACKED', trialSink.view(), 0)
  const dictionary = buildDictionary(sample, Math.max(16, taken >> 1))
  if (dictionary) {
    trialSink.reset()
    encodeHybrid(dictionary.codes, codeWidth(dictionary.size), trialSink)
    add('RLE_DICTIONARY', trialSink.view(), dictionaryBytes(dictionary, taken, rows))
  }
  add('PLAIN', bytesOf(sample), 0)
  if (codec !== 'uncompressed' && (values instanceof Float64Array || values instanceof Float32Array)) {
    trialSink.reset()
    encodeSplit(sample, trialSink)
    add('BYTE_STREAM_SPLIT', trialSink.view(), 0)
  }
  return trials.sort((a, b) => a.bytes - b.bytes)
}

/** Bytes of the whole chunk's dictionary, times the rows of the sample. */
function dictionaryBytes({ codes, size, halves }: Dictionary, taken: number, rows: number): number {
  let early = 0
  for (let i = 0; i < taken >> 1; i++) if (codes[i] >= early) early = codes[i] + 1
  // Distinct values grow more slowly than rows: half of the pace of the sample's second half is assumed.
  const entries = size * taken + (size - early) * (rows - taken)
  return entries * (halves.byteLength / size)
}

function compressedSize(bytes: Uint8Array, codec: Codec): number {
  if (codec === 'uncompressed') return bytes.length
  compressedSink.reset()
  compress(codec, bytes, compressedSink)
  return Math.min(compressedSink.at, bytes.length)
}

function encodeSplit(values: NumericArray, out: ByteSink): void {
  const bytes = bytesOf(values)
  out.reserve(bytes.length)
  encodeByteStreamSplit(bytes, values.BYTES_PER_ELEMENT, out.bytes, out.at)
  out.at += bytes.length
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
