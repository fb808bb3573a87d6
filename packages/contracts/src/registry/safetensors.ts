import { TradingError } from '@gatehouse/durable-log'

/** A tensor of a safetensors file. */
export interface TensorEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  /** Byte range in the file. */
  readonly begin: number
  readonly end: number
}

const bytesPer: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
}

/**
 * Reads the header of a safetensors file: an 8-byte little-endian length, a JSON object, then the tensors without gaps.
 * @throws {TradingError} `ARTIFACT_INVALID` when ranges overlap, leave gaps, or do not fit their shapes
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export function readSafetensors(bytes: Uint8Array): ReadonlyMap<string, TensorEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : Infinity
  if (headerBytes > bytes.length - 8) throw invalid('its header is longer than the file')
  const header = parse(bytes.subarray(8, 8 + headerBytes))
  const base = 8 + headerBytes
  const tensors = new Map<string, TensorEntry>()
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown }
    if (typeof dtype !== 'string' || !Object.hasOwn(bytesPer, dtype) || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw invalid(`tensor "${name}" is not described`)
    const [begin, end] = offsets
    const size = shape.reduce((product, length) => product * length, bytesPer[dtype])
    if (end - begin !== size || base + end > bytes.length)
      throw invalid(`tensor "${name}" of shape [${shape.join(', ')}] does not fit its ${end - begin} bytes`)
    tensors.set(name, { dtype, shape, begin: base + begin, end: base + end })
  }
  const ranges = [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)
  const last = ranges.reduce((at, { begin, end }) => {
    if (begin !== at) throw invalid('its tensors overlap or leave a gap')
    return end
  }, base)
  if (last !== bytes.length) throw invalid('bytes follow the last tensor')
  return tensors
}

/**
 * Values of an F32 tensor, copied to an aligned array.
 * @throws {TradingError} `ARTIFACT_INVALID` when it is of another type
 */
export function float32Tensor(bytes: Uint8Array, { dtype, begin, end }: TensorEntry): Float32Array {
  if (dtype !== 'F32') throw invalid(`a tensor is ${dtype}, not F32`)
  // Not bytes.slice: a Buffer's shares its memory, and would hand over the whole file.
  return new Float32Array(new Uint8Array(bytes.subarray(begin, end)).buffer)
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header as Record<string, unknown>
  } catch (cause) {
    throw invalid(`its header is not JSON: ${(cause as Error).message}`)
  }
  throw invalid('its header is not a JSON object')
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)
}

function invalid(what: string): TradingError {
  return new TradingError('ARTIFACT_INVALID', `The weights file is not safetensors: ${what}. Write it again`, { what })
}
