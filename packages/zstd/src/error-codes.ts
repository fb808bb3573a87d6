/** Every code this package throws, with cause and cure; the README's table lists all of them. */
export const errorCodes = {
  ZSTD_CORRUPT: { cause: 'The zstd stream is damaged, or something else follows it.', cure: 'Get it again from its source.' },
  ZSTD_CHECKSUM: {
    cause: 'The checksum of a zstd frame is wrong.',
    cure: 'Get it again from its source; do not use what that frame gave.',
  },
  ZSTD_TRUNCATED: { cause: 'The zstd stream ended inside a frame: it was cut.', cure: 'Get it again from its source.' },
  ZSTD_WINDOW: { cause: 'A zstd frame needs more than 128 MiB of window.', cure: 'Compress it again without `--long`.' },
  ZSTD_LENGTH: {
    cause: 'A zstd stream holds more or less than was stated elsewhere.',
    cure: 'Get it again from its source: it, or what describes it, is damaged.',
  },
  ZSTD_BACKEND: {
    cause: "The backend 'node' was asked for on a Node without zstd.",
    cure: "Use Node 22.15 or later, or the backend 'script'.",
  },
} as const

/** A code this package throws. */
export type ZstdErrorCode = keyof typeof errorCodes
