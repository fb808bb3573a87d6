import { TradingError } from '@gatehouse/contracts'

/** One tensor of a safetensors file. Little-endian float32, row-major. */
export interface StoredTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** Headers are read before anything is trusted: 16 MiB holds tens of thousands of tensors. */
const maximumHeader = 1 << 24
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}$/

/**
 * Writes safetensors with sorted names, the header padded to 8 bytes with spaces: the same tensors give the same bytes.
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, unknown> =
    Object.keys(metadata).length > 0 ? { __metadata__: Object.fromEntries(Object.entries(metadata).sort(byName)) } : {}
  let end = 0
  const sorted = [...tensors].sort(byName)
  for (const [name, { shape, values }] of sorted) {
    if (!namePattern.test(name)) throw invalid(`tensor name ${JSON.stringify(name)} is not allowed`, { name })
    if (shape.reduce((a, b) => a * b, 1) !== values.length)
      throw invalid(`tensor "${name}" of shape [${shape.join()}] has ${values.length} numbers`, { name })
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += values.length * 4)] }
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const start = 8 + Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(start + end).fill(0x20, 8 + text.length, start)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(start - 8), true)
  bytes.set(text, 8)
  let at = start
  for (const [, { values }] of sorted) for (let i = 0; i < values.length; i++, at += 4) view.setFloat32(at, values[i], true)
  return bytes
}

/**
 * Reads a safetensors file of float32 tensors. Nothing in the header is believed: sizes, offsets, order, overlaps, gaps, names and duplicates are checked
 * before a number is read, and memory is taken for no more than the file holds.
 * @throws {TradingError} `MODEL_ARTIFACT_INVALID`
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8) throw invalid(`a safetensors file has at least 8 bytes, found ${bytes.length}`, { bytes: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = view.getBigUint64(0, true)
  if (headerBytes > BigInt(maximumHeader) || headerBytes > BigInt(bytes.length - 8))
    throw invalid(`a header of ${headerBytes} bytes does not fit`, { headerBytes: String(headerBytes) })
  const start = 8 + Number(headerBytes)
  const { __metadata__: stored = {}, ...entries } = parseHeader(bytes.subarray(8, start))
  if (!isRecord(stored) || Object.values(stored).some((value) => typeof value !== 'string'))
    throw invalid('__metadata__ must map names to text', {})
  const described = Object.entries(entries).map(([name, entry]) => ({ name, ...tensorEntry(name, entry) }))
  described.sort((a, b) => a.from - b.from || a.to - b.to)
  let end = 0
  for (const { name, from, to } of described) {
    if (from !== end)
      throw invalid(`tensor "${name}" starts at ${from}, expected ${end}: no gaps, no overlaps`, { name, from, expected: end })
    end = to
  }
  if (start + end !== bytes.length)
    throw invalid(`tensors end at byte ${start + end} of ${bytes.length}`, { end: start + end, bytes: bytes.length })
  const tensors = new Map<string, StoredTensor>()
  for (const { name, shape, from, to } of described.sort(byNameOf)) {
    const values = new Float32Array((to - from) / 4)
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(start + from + 4 * i, true)
    tensors.set(name, { shape, values })
  }
  return { tensors, metadata: stored as Record<string, string> }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  const keys = new Set<string>()
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    header = JSON.parse(text)
    // JSON.parse keeps the last of two equal keys; the header's own keys are its only objects' parents, so count them in the text.
    for (const key of topLevelKeys(text)) {
      if (keys.has(key)) throw new Error(`key ${JSON.stringify(key)} appears twice`)
      keys.add(key)
    }
  } catch (cause) {
    throw invalid(`the header is not valid JSON: ${(cause as Error).message}`, {}, cause)
  }
  if (!isRecord(header)) throw invalid('the header must be a JSON object', {})
  return header
}

/** Keys of the outermost object of valid JSON text, duplicates included. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = []
  let depth = 0
  let isKey = false
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs)) {
    if (token === '{' || token === '[') isKey = ++depth === 1 && token === '{'
    else if (token === '}' || token === ']') depth--
    else if (token === ',') isKey = depth === 1
    else if (token !== ':' && isKey && depth === 1) {
      keys.push(JSON.parse(token) as string)
      isKey = false
    }
  }
  return keys
}

function tensorEntry(name: string, entry: unknown): { shape: number[]; from: number; to: number } {
  if (!namePattern.test(name)) throw invalid(`tensor name ${JSON.stringify(name.slice(0, 80))} is not allowed`, {})
  if (!isRecord(entry) || Object.keys(entry).length !== 3)
    throw invalid(`tensor "${name}" must have dtype, shape and data_offsets`, { name })
  const { dtype, shape, data_offsets: offsets } = entry
  if (dtype !== 'F32') throw invalid(`tensor "${name}" has type ${JSON.stringify(dtype)}; this kit reads F32`, { name })
  if (!isSizes(shape) || shape.length > 8) throw invalid(`tensor "${name}" has an impossible shape`, { name })
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1] < offsets[0])
    throw invalid(`tensor "${name}" has impossible offsets`, { name })
  const bytes = shape.reduce((a, b) => a * b, 4)
  if (!Number.isSafeInteger(bytes) || offsets[1] - offsets[0] !== bytes) throw invalid(`tensor "${name}" of shape [${shape.join()}] needs ${bytes} bytes, has ${offsets[1] - offsets[0]}`, { name }) // prettier-ignore
  return { shape, from: offsets[0], to: offsets[1] }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)
const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)
const byNameOf = (a: { name: string }, b: { name: string }): number => byName([a.name, 0], [b.name, 0])

function invalid(message: string, details: Record<string, unknown>, cause?: unknown): TradingError {
  return new TradingError(
    'MODEL_ARTIFACT_INVALID',
    `not a usable weights file: ${message}`,
    details,
    cause === undefined ? undefined : { cause },
  )
}
