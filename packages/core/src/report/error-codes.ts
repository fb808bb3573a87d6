/** Errors of the reports, with cause and cure. */
export const reportErrorCodes = {
  REPORT_INPUT: {
    cause: 'Columns of a run record differ in length, name an instrument that is not listed, or the initial equity is not positive.',
    cure: 'Fix the column that the message names; one row of each column belongs to one fill, trade or sample.',
  },
  REPORT_WRITE: { cause: 'The HTML report could not be written.', cure: 'Check that the folder exists, is writable and has space.' },
} as const
