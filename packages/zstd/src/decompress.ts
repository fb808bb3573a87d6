import { nodeZstd, zstdWithNode, type ZstdBackend } from './node-zstd.js'
import { ZstdDecoder } from './zstd-decoder.js'

/**
 * Decompresses a stream of any number of frames. Each piece is valid until the next is asked for.
 * @param backend default: `node:zlib` where it can, which decompresses on another thread
 * @throws {TradingError} `ZSTD_CORRUPT`, `ZSTD_CHECKSUM`, `ZSTD_TRUNCATED`, `ZSTD_WINDOW`, after everything whole before; `ZSTD_BACKEND`
 */
export async function* decompressZstd(
  chunks: AsyncIterable<Uint8Array>,
  backend: ZstdBackend = 'auto',
): AsyncGenerator<Uint8Array, void, undefined> {
  if (zstdWithNode(backend)) {
    yield* nodeZstd(chunks)
    return
  }
  const decoder = new ZstdDecoder()
  for await (const chunk of chunks) {
    decoder.push(chunk)
    for (let output = decoder.next(); output !== undefined; output = decoder.next()) yield output
  }
  decoder.end()
}
