import { type RawRows } from './import-spec.js'
import { invalid } from './to-batch.js'

export interface CsvOptions {
  /** names of the columns, where the file has no header line */
  readonly header?: readonly string[] | undefined
  /** default `,` */
  readonly separator?: string | undefined
}

/** Text of one record, over as many lines as its quotes span. A quote that nobody closes would else take in the rest of the file. */
const longestRecord = 1 << 20

/** Rows handed on at once. */
const chunkRows = 65_536

/** Parses lines of separated values, with quotes as RFC 4180 has them, into chunks of rows. Quoted line breaks are followed across lines. */
export async function* csvRows(lines: AsyncIterable<string>, { header, separator = ',' }: CsvOptions = {}): AsyncGenerator<RawRows> {
  let names = header
  let cells: string[][] = []
  let rows = 0
  let line = 0
  let open: string[] = []
  let openLength = 0
  let openedAt = 0
  const chunk = (): RawRows => {
    const held = cells
    const count = rows
    const places = new Map(names!.map((name, index) => [name, index]))
    cells = []
    rows = 0
    return {
      rows: count,
      column(name) {
        const place = places.get(name)
        return place === undefined ? undefined : held[place]
      },
    }
  }
  for await (const text of lines) {
    line++
    // Within quotes, an even number of them closes nothing for good: such a line need not be looked at again and again.
    const mayEnd = open.length === 0 || quotesIn(text) % 2 === 1
    const whole = mayEnd && open.length > 0 ? [...open, text].join('\n') : text
    const fields = mayEnd ? splitLine(whole, separator) : undefined
    if (fields === undefined) {
      if (open.length === 0) openedAt = line
      open.push(text)
      openLength += text.length + 1
      if (openLength > longestRecord)
        throw invalid(`the quote that line ${openedAt} opens is not closed within a megabyte`, { line: openedAt })
      continue
    }
    open = []
    openLength = 0
    if (whole.trim() === '') continue
    if (!names) {
      names = fields.map((field, index) => (index === 0 ? field.replace(/^\uFEFF/, '') : field).trim())
      continue
    }
    if (fields.length !== names.length)
      throw invalid(`line ${line} has ${fields.length} fields, not ${names.length}`, { line, fields: fields.length })
    if (rows === 0) cells = names.map(() => [])
    for (let field = 0; field < fields.length; field++) cells[field].push(fields[field])
    if (++rows === chunkRows) yield chunk()
  }
  if (open.length > 0) throw invalid(`the file ends inside the quote that line ${openedAt} opens`, { line: openedAt })
  if (rows > 0) yield chunk()
}

function quotesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++
  return count
}

/** Fields of one line; `undefined` when a quote is still open. */
function splitLine(line: string, separator: string): string[] | undefined {
  if (!line.includes('"')) return (line.endsWith('\r') ? line.slice(0, -1) : line).split(separator)
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]
    if (quoted) {
      if (letter !== '"') field += letter
      else if (line[at + 1] === '"') field += line[++at]
      else quoted = false
    } else if (letter === '"' && field === '') quoted = true
    else if (letter === separator) {
      fields.push(field)
      field = ''
    } else field += letter
  }
  if (quoted) return undefined
  return [...fields, field.replace(/\r$/, '')]
}
