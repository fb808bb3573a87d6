import { type Calendar } from '../interfaces/calendar.js'
import { civilOfDay, dayOfCivil } from './civil.js'
import { type DayRule, type LocalWindow, makeCalendar } from './rule-calendar.js'
import { byYear, closuresOf, earlyClosesOf, easterOf, isWeekend } from './us-holidays.js'

const at = (hour: number, minute = 0): number => hour * 3600 + minute * 60

const laterClose = dayOfCivil(2012, 11, 19)
const closeAtFour = dayOfCivil(2015, 9, 21)
const noPause = dayOfCivil(2021, 6, 28)

/**
 * CME Globex equity index futures (ES, NQ, RTY, YM). Chicago time, trade dates 2012-11-19 to 2027-12-31. A session runs from 17:00 of the
 * day before (Sunday for Monday) to 16:00; to 16:15 before 2015-09-21; with a pause from 15:15 to 15:30 before 2021-06-28.
 *
 * Holidays by rule: closed on New Year's Day, Christmas Day and Good Friday; halted at 12:00 on other US holidays (10:30 in 2013, and on
 * the first two of 2014), when CME books the morning to the next trade date and this calendar names it after its own; ended at 12:15 on
 * days when the stock exchange ends early; at 08:15 on a Good Friday with an employment report (2015, 2021, 2023; expected 2026); at
 * 08:30 on days of mourning (2018-12-05, 2025-01-09).
 *
 * Checked here: the reopening on 2023-12-25 at 17:00, against recorded ES data. The other holiday hours follow CME's notices and are not
 * verified day by day; other product groups (rates, energy, metals, grains) keep other hours.
 */
export function cmes(): Calendar {
  const closures = byYear(closuresOf)
  const earlyCloses = byYear(earlyClosesOf)
  return makeCalendar({
    name: 'CMES',
    timeZone: 'America/Chicago',
    firstDay: laterClose,
    lastDay: dayOfCivil(2027, 12, 31),
    ruleOf(day) {
      if (isWeekend(day)) return { windows: [], closure: 'weekend' }
      const closure = closures(day).get(day)
      if (closure !== undefined) return holidayRule(day, closure)
      const earlyClose = earlyCloses(day).get(day)
      if (earlyClose !== undefined) return { windows: windowsUntil(day, at(12, 15)), earlyClose }
      return { windows: windowsUntil(day, day < closeAtFour ? at(16, 15) : at(16)) }
    },
  })
}

function holidayRule(day: number, name: string): DayRule {
  const { year } = civilOfDay(day)
  if (name === 'New Year’s Day' || name === 'Christmas Day') return { windows: [], closure: name }
  if (day === easterOf(year) - 2) {
    const hasEmploymentReport = [2015, 2021, 2023, 2026].includes(year)
    return hasEmploymentReport ? { windows: windowsUntil(day, at(8, 15)), earlyClose: name } : { windows: [], closure: name }
  }
  const halt = name.startsWith('Mourning') ? at(8, 30) : haltsAtHalfPastTen(year, name) ? at(10, 30) : at(12)
  return { windows: windowsUntil(day, halt), earlyClose: name }
}

function haltsAtHalfPastTen(year: number, name: string): boolean {
  return year < 2014 || (year === 2014 && (name.startsWith('Martin') || name.startsWith('Washington')))
}

function windowsUntil(day: number, close: number): readonly LocalWindow[] {
  const opens = at(17) - at(24)
  if (day >= noPause || close <= at(15, 15)) return [{ phase: 'regular', opens, closes: close }]
  return [
    { phase: 'regular', opens, closes: at(15, 15) },
    { phase: 'regular', opens: at(15, 30), closes: close },
  ]
}
