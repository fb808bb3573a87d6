/** Error codes of market data: feeds, files and the synthetic market. Core's own table includes them. */
export const feedErrorCodes = {
  INSTRUMENT_INVALID: {
    cause: 'An instrument has an empty symbol, a size that is not positive, or a futures root whose contract size is not known.',
    cure: 'State the fields that the message names.',
  },
  SYMBOL_AMBIGUOUS: {
    cause: 'Two instruments would have had the same name at one source at the same time.',
    cure: 'Give the aliases times that do not overlap.',
  },
  FEED_CLOSED: { cause: 'Batches were asked of a feed after close().', cure: 'Open the feed again.' },
  FEED_OUT_OF_ORDER: {
    cause: 'A source gave rows whose availableAt falls behind rows given before.',
    cure: 'Sort the rows by availableAt, or mend the source that the message names.',
  },
  FEED_RANGE_INVALID: { cause: 'A time range ends before it begins.', cure: 'Swap from and to.' },
  FEED_OPTIONS_INVALID: {
    cause: 'An option of a feed has a value it cannot have.',
    cure: 'Read the message: it names the option and what it takes.',
  },
  FEED_SYMBOL_UNKNOWN: { cause: 'The feed has no instrument of that name.', cure: 'Use a symbol that instruments() lists.' },
} as const
