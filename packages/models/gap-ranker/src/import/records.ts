import { TradingError } from '@gatehouse/contracts'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

/** One record of a text file: the line it begins on, counted from 1, and its fields. */
export interface TextRecord {
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * Text of a plain or `.gz` file in chunks, as UTF-8.
 * @throws {TradingError} `GAP_FILE_UNREADABLE`
 */
async function* textOf(file: string): AsyncGenerator<string> {
  const bytes = createReadStream(file)
  const stream = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
  bytes.on('error', (error) => stream.destroy(error))
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of stream) yield decoder.decode(chunk as Uint8Array, { stream: true })
    yield decoder.decode()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TradingError('GAP_FILE_UNREADABLE', `${file}: ${reason}; give a readable UTF-8 file, plain or .gz`, { file }, { cause })
  } finally {
    bytes.destroy()
  }
}

/** Lines of a file with their numbers, without line ends; empty lines are left out. */
export async function* linesOf(file: string): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  let rest = ''
  let line = 0
  for await (const chunk of textOf(file)) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    for (const part of parts) {
      line++
      const text = part.endsWith('\r') ? part.slice(0, -1) : part
      if (text !== '') yield { line, text }
    }
  }
  if (rest !== '') yield { line: line + 1, text: rest }
}

/**
 * Records of a delimited file: fields in double quotes may hold the delimiter, line ends and doubled quotes. The delimiter is what the first line has more of, a
 * pipe or a comma; a byte-order mark is dropped.
 * @throws {TradingError} `GAP_FILE_UNREADABLE`, `GAP_FILE_ROW` for a quote that never ends
 */
export async function* recordsOf(file: string): AsyncGenerator<TextRecord> {
  let delimiter: string | undefined
  let open: { readonly line: number; readonly text: string } | undefined
  for await (const { line, text: raw } of linesOf(file)) {
    const text = line === 1 ? raw.replace(/^\uFEFF/, '') : raw
    delimiter ??= text.split('|').length > text.split(',').length ? '|' : ','
    const whole = open === undefined ? { line, text } : { line: open.line, text: `${open.text}\n${text}` }
    const fields = splitRecord(whole.text, delimiter)
    if (fields === undefined) {
      open = whole
      continue
    }
    open = undefined
    yield { line: whole.line, fields }
  }
  if (open !== undefined)
    throw new TradingError('GAP_FILE_ROW', `${file}:${open.line}: a quote is opened and never closed; close or double it`, {
      file,
      line: open.line,
      value: open.text.slice(0, 80),
    })
}

/** Fields of a record; `undefined` while a quote is open. */
function splitRecord(text: string, delimiter: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter)
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (text[at] === '"') {
      let field = ''
      for (at++; ; at++) {
        const quote = text.indexOf('"', at)
        if (quote < 0) return undefined
        field += text.slice(at, quote)
        at = quote + 1
        if (text[at] !== '"') break
        field += '"'
      }
      // What follows a closing quote belongs to the field: `"a"b` is written by careless programs.
      const end = text.indexOf(delimiter, at)
      fields.push(field + text.slice(at, end < 0 ? text.length : end))
      at = end < 0 ? text.length : end
    } else {
      const end = text.indexOf(delimiter, at)
      fields.push(text.slice(at, end < 0 ? text.length : end))
      at = end < 0 ? text.length : end
    }
    if (at >= text.length) return fields
    at += delimiter.length
    if (at === text.length) {
      fields.push('')
      return fields
    }
  }
}
