import { errorCodes as zstdErrorCodes } from '@gatehouse/zstd'

/** Every code this package throws, with cause and cure; the README's table lists all of them. */
export const errorCodes = {
  DBN_NOT_DBN: {
    cause: 'The input is empty, too short, or does not begin with "DBN".',
    cure: 'Check that the path is the file you meant, and not CSV, JSON or gzip.',
  },
  DBN_VERSION: {
    cause: 'The stream states a DBN version that does not exist or is newer than 3.',
    cure: 'Update this package if the version is newer.',
  },
  DBN_LEGACY_DBZ: { cause: 'The file is a legacy .dbz.', cure: 'Convert it with the Rust `dbn` tool, or download it again.' },
  DBN_METADATA_INVALID: {
    cause: 'A length or count in the metadata cannot be true.',
    cure: 'The file is damaged: download it again. For metadata above 256 MiB raise `maxMetadataBytes`.',
  },
  DBN_METADATA_TRUNCATED: { cause: 'The input ended inside the metadata.', cure: 'Download it again.' },
  DBN_RECORD_LENGTH: {
    cause: 'A record states a length below its 16-byte header.',
    cure: 'The file is damaged at the offset given, or is a fragment read with metadata.',
  },
  DBN_RECORD_SHORT: {
    cause: 'A record is shorter than its type.',
    cure: 'The file is damaged at the offset given, or the version of a fragment is wrong.',
  },
  DBN_RECORD_TRUNCATED: { cause: 'The input ended inside a record.', cure: 'Everything before it was delivered; download the rest again.' },
  DBN_RECORD_TYPE: {
    cause: 'A record to encode has no layout in the version of the stream.',
    cure: 'Encode it as DBN 3, or leave it out.',
  },
  DBN_SECOND_HEADER: { cause: 'A second DBN header stands where a record should: two files were joined.', cure: 'Decode them one by one.' },
  DBN_VALUE_RANGE: { cause: 'A value to encode does not fit its field.', cure: 'See the field and limit in the message.' },
  DBN_FIELD: { cause: 'A column was asked for that the records do not have.', cure: 'Use one of the names in the message.' },
  DBN_BOOK_SIDE: { cause: 'An order to add names neither side of the book.', cure: 'The data is damaged: download it again.' },
  DBN_FILE: { cause: 'The file cannot be opened or read.', cure: 'See the cause: path, permissions or disk.' },
  DBN_BIG_ENDIAN: { cause: 'The machine is big-endian.', cure: 'Decode on another machine.' },
  ...zstdErrorCodes,
  DATABENTO_OPTION: { cause: 'An option is not usable.', cure: 'Correct the value named in the message.' },
  DATABENTO_KEY: {
    cause: 'The API key does not have 32 characters.',
    cure: 'Copy it from the Databento portal; pass it as a value, never on the command line.',
  },
  DATABENTO_AUTH: {
    cause: 'Databento refused the key or the dataset.',
    cure: 'Check the key, its entitlement to the dataset, and that the dataset is spelled right.',
  },
  DATABENTO_CONNECTION: {
    cause: 'The connection could not be made or broke.',
    cure: 'The live client tries again by itself; see the cause if it gave up.',
  },
  DATABENTO_CONNECTION_LIMIT: {
    cause: 'Too many sessions of the team are open on the dataset.',
    cure: 'Close one; the live client tries again every 30 s.',
  },
  DATABENTO_PROTOCOL: { cause: 'The other side does not speak the gateway protocol.', cure: 'Check host and port.' },
  DATABENTO_GATEWAY: {
    cause: 'The gateway ended the session with an error record.',
    cure: 'See its message; codes 1, 2 and 5 are not retried.',
  },
  DATABENTO_REPLAY_AGED_OUT: {
    cause: 'The records asked for are older than the replay window.',
    cure: 'Ask for a later start, or get them from the historical client.',
  },
  DATABENTO_SUBSCRIPTION: { cause: 'A subscription asks for something that cannot be had.', cure: 'See the message.' },
  DATABENTO_STALLED: { cause: 'Nothing came, not even a heartbeat.', cure: 'The live client connects again by itself.' },
  DATABENTO_CLOSED: { cause: 'The session was closed by this side.', cure: 'None needed.' },
  DATABENTO_LAG: {
    cause: "The consumer fell behind the queue's bound.",
    cure: "Handle records faster, raise `maxQueueBytes`, or let `whenFull: 'gap'` leave records out.",
  },
  DATABENTO_BUDGET: {
    cause: 'A billed call would cost more than is allowed, or its cost is not known.',
    cure: 'Narrow the request, or raise the limit.',
  },
  DATABENTO_CHECKSUM: {
    cause: 'A downloaded file does not have the SHA-256 that Databento states.',
    cure: 'Start the download again; the wrong file was thrown away.',
  },
  DATABENTO_HTTP: { cause: 'The API answered with an error.', cure: 'See status, case and request id in the details.' },
  DATABENTO_NETWORK: {
    cause: 'The API could not be reached.',
    cure: 'Free calls were repeated already; repeat a billed one yourself if you mean to.',
  },
  DATABENTO_RATE_LIMIT: { cause: 'Too many calls.', cure: 'Wait as long as `retryAfterMs` says.' },
  DATABENTO_RESPONSE: { cause: 'An answer is not what the API documents.', cure: 'Report it with the request id.' },
  DATABENTO_TIME: { cause: 'A time is not ISO 8601, a valid `Date`, or ns as a bigint.', cure: 'See the parameter in the message.' },
  DATABENTO_TRUNCATED: {
    cause: 'An answer broke off.',
    cure: 'What came is whole up to there; the rest has to be asked, and paid, for again.',
  },
  DATABENTO_CACHE: { cause: 'The record of what is kept cannot be read.', cure: 'Remove the line that the message names.' },
  DATABENTO_INSTRUMENT: {
    cause: 'The contract size of a future is not known.',
    cure: 'Give the feed definitions, or an `instrument` function.',
  },
  DATABENTO_SCHEMA: {
    cause: 'A feed was asked for a schema that core has no rows for, or for files of several schemas.',
    cure: 'Make a feed of each schema, or use `openDbn`.',
  },
} as const
