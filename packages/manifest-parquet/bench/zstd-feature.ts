import * as zlib from 'node:zlib'

/** Present where this Node can write zstd. */
export const zstdCompressSync: unknown = Reflect.get(zlib, 'zstdCompressSync')
