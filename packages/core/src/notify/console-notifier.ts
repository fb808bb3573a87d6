import type { Notice } from '@gatehouse/contracts'
import type { Notifier } from '../interfaces/notifier.js'
import { spooledNotifier } from './spooled-notifier.js'

export interface ConsoleNotifierOptions {
  /** Folder of the spool. */
  readonly directory: string
  /** Where the lines go: `(line) => console.log(line)`. Libraries never write to a terminal by themselves. */
  readonly write: (line: string) => void
}

/** Tells people by a line of text, through the same spool as every other notifier. */
export function consoleNotifier({ directory, write }: ConsoleNotifierOptions): Promise<Notifier> {
  return spooledNotifier({
    directory,
    deliver: async ({ notice, possibleDuplicate }) => write(`${noticeLine(notice)}${possibleDuplicate ? ' (possibly told before)' : ''}`),
  })
}

/** One line: severity, what happened, about what, and the payload's plain values. */
export function noticeLine(notice: Notice): string {
  const kind = notice.type.replace(/^gatehouse\./, '').replace(/\.v\d+$/, '')
  const values = Object.entries(notice.data).flatMap(([name, value]) =>
    typeof value === 'object' ? [] : [`${name} ${shorten(String(value))}`],
  )
  return `[${notice.severity}] ${kind}${notice.subject === undefined ? '' : ` ${notice.subject}`}: ${values.join(', ')}`
}

/** Digests are long, and their first digits tell them apart. */
const shorten = (text: string): string => (/^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text)
