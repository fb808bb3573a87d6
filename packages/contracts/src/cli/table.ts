/** Rows as a table for a terminal: columns as wide as their widest cell, control characters taken out. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows].map((row) => row.map(plain))
  const widths = header.map((_, column) => Math.max(...lines.map((row) => row[column].length)))
  return lines
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]))).join('  '))
    .join('\n')
}

/** Text from outside must not steer a terminal. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}

/** The first twelve digits of a digest: enough to tell apart, short enough to read. */
export function short(digest: string | null | undefined): string {
  return digest === null || digest === undefined ? '-' : digest.slice(0, 12)
}

/** Any value as JSON, times as text. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item), 2)
}
