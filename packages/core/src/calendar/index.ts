export { calendarErrorCodes } from './error-codes.js'
export { openTimeZone, type TimeZone } from './time-zone.js'
