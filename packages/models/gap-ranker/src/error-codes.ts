/** Every error of this package beside the kit's: what it means, and what to do. The README's table lists the same. */
export const errorCodes = {
  GAP_OPTIONS_INVALID: {
    cause: 'An option of the family is out of range.',
    cure: 'Mend the option that the message names.',
  },
  GAP_DAY_BAR_EARLY: {
    cause: 'A daily bar claims to have been known before its session could end: it would tell the day’s outcome beforehand.',
    cure: 'State `availableAt` as the close of the session or later.',
  },
  GAP_FILE_UNREADABLE: {
    cause: 'A file cannot be read, is damaged, or is not UTF-8.',
    cure: 'Give a readable file, plain or `.gz`.',
  },
  GAP_FILE_HEADER: {
    cause: 'A file lacks a column that it needs.',
    cure: 'Give the right file, or name the column in `columns`.',
  },
  GAP_FILE_ROW: {
    cause: 'A line has another number of fields than the header, opens a quote that never ends, or is no JSON object.',
    cure: 'Mend the line that `details.line` names.',
  },
  GAP_FILE_VALUE: {
    cause: 'A value is not what its column holds: a date, a quantity, a time with its zone, a sentiment from -1 to 1.',
    cure: 'Mend the value that `details` names by file, line and column.',
  },
} as const
