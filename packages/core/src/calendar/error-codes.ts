/** Errors of the calendars, with cause and cure. */
export const calendarErrorCodes = {
  CALENDAR_TIME_ZONE: { cause: 'No time zone of that name is known.', cure: 'Use an IANA name such as America/New_York.' },
  CALENDAR_RANGE: {
    cause: 'A session was asked for at a time before the calendar starts or after it ends.',
    cure: 'Stay within calendar.range, or update the package: each release extends the calendars.',
  },
  CALENDAR_UNKNOWN: {
    cause: 'An instrument or a configuration names a calendar that does not exist.',
    cure: 'Use one of calendarNames, or make a calendar with makeCalendar and pass it.',
  },
} as const
