import { type RawRows } from './import-spec.js'
import { invalid } from './to-batch.js'

export interface CsvOptions {
  /** names of the columns, where the file has no header line */
  readonly header?: readonly string[] | undefined
  /** default `,` */
  readonly separator?: string | undefined
}

/** Rows handed on at once. */
const chunkRows = 65_536

/** Parses lines of separated values, with quotes as RFC 4180 has them, into chunks of rows. Quoted line breaks are followed across lines. */
export async function* csvRows(lines: AsyncIterable<string>, { header, separator = ',' }: CsvOptions = {}): AsyncGenerator<RawRows> {
  let names = header
  let cells: string[][] = []
  let rows = 0
  let line = 0
  let open = ''
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
    const whole = open === '' ? text : `${open}\n${text}`
    const fields = splitLine(whole, separator)
    if (fields === undefined) {
      open = whole
      continue
    }
    open = ''
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
  if (open !== '') throw invalid('the file ends inside a quoted field', { line })
  if (rows > 0) yield chunk()
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
