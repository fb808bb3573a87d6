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
    cause: 'A feed gave a row, or a batch, that could be known before the one ahead of it.',
    cure: 'Sort the rows by availableAt, or mend the source that the message names; merge sources with a feed each.',
  },
  FEED_RANGE_INVALID: { cause: 'A time range ends before it begins.', cure: 'Swap from and to.' },
  FEED_OPTIONS_INVALID: {
    cause: 'An option of a feed has a value it cannot have.',
    cure: 'Read the message: it names the option and what it takes.',
  },
  FEED_SYMBOL_UNKNOWN: { cause: 'The feed has no instrument of that name.', cure: 'Use a symbol that instruments() lists.' },
  CSV_FILE_UNREADABLE: { cause: 'A file does not exist or may not be read.', cure: 'Check the path and its permissions.' },
  CSV_ARCHIVE_INVALID: {
    cause: 'A .gz or .zip file is broken, cut short, or holds no such file.',
    cure: 'Fetch it again; name the file within a .zip with entry.',
  },
  CSV_EMPTY: { cause: 'The files hold no row of data.', cure: 'Check the path, and that the download was complete.' },
  CSV_COLUMN_MISSING: { cause: 'A needed column is not among the headers.', cure: 'Map it: columns: { close: "Last" }.' },
  CSV_COLUMN_COUNT: {
    cause: 'A row has more or fewer columns than the first.',
    cure: "Mend the row, or leave such rows out with onBadRow: 'skip'.",
  },
  CSV_CUT_SHORT: { cause: 'The file ends in the middle of a row.', cure: 'Fetch it again, or leave the row out by policy.' },
  CSV_LINE_TOO_LONG: { cause: 'No end of line within a megabyte: this is no text file.', cure: 'Check the path and the file type.' },
  CSV_TIME_INVALID: { cause: 'A time cannot be read.', cure: 'State timeFormat and timeZone, or mend the row.' },
  CSV_TIME_ORDER: { cause: 'A row lies before the one ahead of it.', cure: 'Sort the file by time.' },
  CSV_TIME_DUPLICATE: {
    cause: 'Two rows have the same time.',
    cure: "Remove one, or keep the first with onBadRow: { CSV_TIME_DUPLICATE: 'skip' }.",
  },
  CSV_NUMBER_INVALID: { cause: 'A price or volume is not a number.', cure: 'Mend the row, or leave such rows out by policy.' },
  CSV_PRICE_INVALID: { cause: 'A price is zero or negative.', cure: 'Mend the row, or leave such rows out by policy.' },
  CSV_BAR_INCONSISTENT: { cause: 'High and low do not hold open and close.', cure: 'Mend the row, or leave such rows out by policy.' },
  CSV_OUTSIDE_SESSION: {
    cause: 'Bars lie outside the trading session: most often a wrong time zone.',
    cure: "State timeZone as the file was written; extended hours take session: 'extended' or 'any'.",
  },
  CSV_SCHEMA_UNKNOWN: { cause: 'The length of the bars cannot be told from their times.', cure: "State schema, such as 'ohlcv-1m'." },
  LEAN_FILE_INVALID: { cause: 'A factor or map file has a row that is none.', cure: 'Fetch the file again from its source.' },
  SYNTHETIC_OPTIONS_INVALID: {
    cause: 'A synthetic market was asked for that cannot be.',
    cure: 'Read the message: it names the option and what it takes.',
  },
} as const
