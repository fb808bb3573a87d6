/** Writes the table of error codes of `packages/core` into its README, between the markers. A test fails while they differ. */
import { readFileSync, writeFileSync } from 'node:fs'
import { errorCodes } from '@gatehouse/core'
import { format } from 'prettier'

export const markers = { begin: '<!-- error codes: npm run error-tables -->', end: '<!-- end of error codes -->' } as const

/** The table as Markdown, as prettier leaves it. */
export async function errorTable(): Promise<string> {
  const rows = Object.entries(errorCodes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { cause, cure }]) => `| \`${code}\` | ${cause.replaceAll('|', '\\|')} | ${cure.replaceAll('|', '\\|')} |`)
  return format(['| code | cause | cure |', '|--|--|--|', ...rows].join('\n'), { parser: 'markdown' })
}

if (process.argv[1].endsWith('error-tables.ts')) {
  const file = 'packages/core/README.md'
  const text = readFileSync(file, 'utf8')
  const [before, rest] = text.split(markers.begin)
  const [, after] = rest.split(markers.end)
  writeFileSync(file, `${before}${markers.begin}\n\n${await errorTable()}\n${markers.end}${after}`)
}
