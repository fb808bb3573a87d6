import * as zlib from 'node:zlib'
import { TradingError } from '@gatehouse/durable-log'
import { unzstd } from '@gatehouse/zstd'
import { type CompressionCodec } from 'hyparquet'
import { requireOneOf } from '../check-options.js'
import { type ByteSink } from './byte-sink.js'
import { lz4HadoopUncompress, lz4Uncompress } from './lz4.js'
import { snappyCompress, snappySlack, snappyUncompress } from './snappy.js'

/** What a file is written with. The choice is the caller's and never the machine's, so that files repeat byte for byte. */
export type Codec = 'uncompressed' | 'snappy' | 'zstd'

type ZstdCompress = (bytes: Uint8Array, options: { params: Record<number, number> }) => Uint8Array

// Node 22.15 has zstd; 20 has not, and its types do not know the names.
const zstdCompress = Reflect.get(zlib, 'zstdCompressSync') as ZstdCompress | undefined
/** `ZSTD_c_compressionLevel`; level 1 is where time and size meet for encoded columns. */
const zstdLevel = { 100: 1 }

/** The format's name of each codec. */
export const codecNames: Readonly<Record<Codec, CompressionCodec>> = { uncompressed: 'UNCOMPRESSED', snappy: 'SNAPPY', zstd: 'ZSTD' }

/**
 * Refuses a codec this runtime cannot write, before anything is written.
 * @throws {TradingError} `PARQUET_NO_ZSTD` for `zstd` on a Node whose `node:zlib` lacks it (before 22.15), `MANIFEST_INVALID_OPTION` for what is no codec
 */
export function requireCodec(codec: Codec): void {
  requireOneOf('codec', codec, Object.keys(codecNames))
  if (codec === 'zstd' && zstdCompress === undefined) {
    throw new TradingError('PARQUET_NO_ZSTD', `this Node cannot write zstd: use Node 22.15 or later, or codec 'snappy'`, { codec })
  }
}

/** Appends the compressed form of `bytes`. */
export function compress(codec: Codec, bytes: Uint8Array, out: ByteSink): void {
  if (codec === 'snappy') return snappyCompress(bytes, out)
  if (codec === 'uncompressed') return out.append(bytes)
  requireCodec(codec)
  out.append(zstdCompress!(bytes, { params: zstdLevel }))
}

let scratch = new Uint8Array(0)

function kept(length: number): Uint8Array {
  if (scratch.length < length) scratch = new Uint8Array(length)
  return scratch
}

/**
 * The `length` bytes that `bytes` stand for; the result may share memory with them.
 * @param isTransient the result is used up before the next call, so memory may be reused
 * @throws {TradingError} `PARQUET_CORRUPT` when they stand for anything else, `PARQUET_UNSUPPORTED` for a codec of no known reader
 */
export function decompress(codec: CompressionCodec, bytes: Uint8Array, length: number, isTransient = false): Uint8Array {
  if (codec === 'UNCOMPRESSED') return checked(bytes, length)
  try {
    const target = (): Uint8Array => (isTransient ? kept(length).subarray(0, length) : new Uint8Array(length))
    if (codec === 'SNAPPY') {
      const roomy = isTransient ? kept(length + snappySlack) : new Uint8Array(length + snappySlack)
      snappyUncompress(bytes, roomy, length)
      return roomy.subarray(0, length)
    }
    if (codec === 'ZSTD') return unzstd(bytes, length, { into: target() })
    if (codec === 'LZ4' || codec === 'LZ4_RAW') {
      const output = target()
      ;(codec === 'LZ4' ? lz4HadoopUncompress : lz4Uncompress)(bytes, output)
      return output
    }
    if (codec === 'GZIP') return checked(zlib.gunzipSync(bytes, { maxOutputLength: length || 1 }), length)
    if (codec === 'BROTLI') return checked(zlib.brotliDecompressSync(bytes, { maxOutputLength: length || 1 }), length)
  } catch (error) {
    if (error instanceof TradingError && error.code.startsWith('PARQUET_')) throw error
    throw new TradingError('PARQUET_CORRUPT', `a ${codec} page does not decompress`, { codec, length }, { cause: error })
  }
  throw new TradingError('PARQUET_UNSUPPORTED', `pages compressed with ${codec} are not read here: rewrite the file with zstd or snappy`, {
    codec,
  })
}

function checked(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes
  throw new TradingError('PARQUET_CORRUPT', `a page decompresses to ${bytes.length} bytes, its header says ${length}`, {
    got: bytes.length,
    length,
  })
}
