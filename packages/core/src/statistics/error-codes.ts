/** Errors of the statistics, with cause and cure. */
export const statisticsErrorCodes = {
  STATISTICS_INPUT: {
    cause: 'Series of different length, times that descend, or an option outside its range.',
    cure: 'Align series with alignSeries, sort by time, and keep the option within the range the message gives.',
  },
} as const
