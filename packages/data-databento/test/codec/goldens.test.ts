import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canonicalMetadata, canonicalRecord } from '../../src/codec/canonical.js'
import { DbnDecoder, type DecoderOptions } from '../../src/codec/decoder.js'
import { DbnEncoder, encodeRecord, type EncodableRecord } from '../../src/codec/encoder.js'
import { runBytes, type RecordRun } from '../../src/codec/run.js'
import { openDbn } from '../../src/file/open-dbn.js'
import { createCursor } from '../../src/records/generated/index.js'
import { dbnBytes, fixtureBytes, fixturePath, fixtures, hasFixtures, unzstd, type Fixture } from '../support/fixtures.js'

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

interface Decoded {
  readonly metadata: string | undefined
  readonly lines: readonly string[]
  /** Metadata and runs, encoded again as they came. */
  readonly runs: string
  /** Records encoded from plain exact objects. */
  readonly objects: string
  /** The records themselves, reserved bytes zeroed. */
  readonly fields: string
}

function decode(bytes: Uint8Array, options: DecoderOptions, step: number): Decoded {
  const decoder = new DbnDecoder(options)
  const lines: string[] = []
  const runs: Uint8Array[] = []
  const objects: Uint8Array[] = []
  const fields: Uint8Array[] = []
  let encoder: DbnEncoder | undefined
  for (let at = 0; at < bytes.length; at += step) {
    decoder.push(bytes.subarray(at, at + step))
    for (let run = decoder.next(); run !== undefined; run = decoder.next()) {
      encoder ??= decoder.metadata && new DbnEncoder(decoder.metadata)
      const cursor = createCursor(run)
      for (let row = 0; row < run.length; row += 1) {
        lines.push(canonicalRecord(run, row))
        cursor.word = run.wordOffset + row * run.stride
        const object = cursor.toExactObject()
        const version = run.layout?.versions.includes(3) ? 3 : (run.layout?.versions[0] ?? 3)
        objects.push(
          object.type === 'unknown'
            ? object.raw
            : encodeRecord(object as unknown as EncodableRecord, { version, tsOut: run.tsOutWord >= 0 }),
        )
        fields.push(withoutReserved(run, row))
      }
      runs.push((encoder?.run(run) ?? runBytes(run)).slice())
    }
  }
  decoder.end()
  const { metadata } = decoder
  const head = metadata === undefined ? [] : [new DbnEncoder(metadata).head]
  return {
    metadata: metadata && canonicalMetadata(metadata),
    lines,
    runs: sha256(Buffer.concat([...head, ...runs])),
    objects: sha256(Buffer.concat(objects)),
    fields: sha256(Buffer.concat(fields)),
  }
}

/** A record with the bytes zeroed that no field names: real files have leftovers there, which plain objects cannot carry. */
function withoutReserved(run: RecordRun, row: number): Uint8Array {
  const at = (run.wordOffset + row * run.stride) * 4
  const bytes = run.bytes.slice(at, at + run.stride * 4)
  if (run.layout === undefined) return bytes
  const named = new Uint8Array(bytes.length).fill(run.tsOutWord < 0 ? 0 : 1, run.stride * 4 - 8)
  for (const { offset, bytes, struct, count } of run.layout.fields) {
    if (struct === undefined) named.fill(1, offset, offset + bytes)
    else
      for (let level = 0; level < count; level += 1)
        for (const field of struct.fields)
          named.fill(1, offset + level * struct.size + field.offset, offset + level * struct.size + field.offset + field.bytes)
  }
  return bytes.map((byte, index) => (named[index] === 0 ? 0 : byte))
}

const decodable = fixtures.filter(({ kind }) => kind !== 'dbz-legacy')
const optionsFor = ({ kind, version }: Fixture, upgrade: boolean): DecoderOptions => ({
  upgrade,
  fragment: kind === 'fragment' ? version : undefined,
})

describe.skipIf(!hasFixtures)('the codec against the official decoder', () => {
  test('there are 110 goldens', () => {
    expect(decodable).toHaveLength(110)
  })

  for (const fixture of decodable) {
    const bytes = dbnBytes(fixture.file)

    test(`${fixture.file} reads and writes as written`, () => {
      const decoded = decode(bytes, optionsFor(fixture, false), bytes.length)
      expect(decoded.lines).toHaveLength(fixture.asis.records)
      expect(sha256(decoded.lines.map((line) => `${line}\n`).join(''))).toBe(fixture.asis.sha256)
      if (decoded.metadata !== undefined) expect(sha256(`${decoded.metadata}\n`)).toBe(fixture.asis.metadata_sha256)
      expect(decoded.runs).toBe(sha256(bytes))
      expect(decoded.objects).toBe(decoded.fields)
      if (fixture.raw_sha256 !== undefined) expect(sha256(bytes)).toBe(fixture.raw_sha256)
    })

    const { v3 } = fixture
    if (v3 !== undefined && v3 !== null) {
      test(`${fixture.file} reads and writes upgraded to DBN 3`, () => {
        const decoded = decode(bytes, optionsFor(fixture, true), bytes.length)
        expect(decoded.lines).toHaveLength(v3.records)
        expect(sha256(decoded.lines.map((line) => `${line}\n`).join(''))).toBe(v3.sha256)
        if (decoded.metadata !== undefined) expect(sha256(`${decoded.metadata}\n`)).toBe(v3.metadata_sha256)
        if (fixture.reencoded_v3) expect(decoded.runs).toBe(fixture.reencoded_v3.sha256)
      })
    }
  }

  test('pieces of any size decode alike', () => {
    for (const fixture of decodable.filter(({ file }) => file.startsWith('synthetic/'))) {
      const bytes = dbnBytes(fixture.file)
      const whole = decode(bytes, optionsFor(fixture, true), bytes.length)
      for (const step of [1, 3, 7, 64, 1000])
        expect(decode(bytes, optionsFor(fixture, true), step), `${fixture.file} in steps of ${step}`).toEqual(whole)
    }
  })

  test('fragments tell their version by the size of each record', () => {
    for (const fixture of decodable.filter(({ kind }) => kind === 'fragment')) {
      const bytes = dbnBytes(fixture.file)
      const options = optionsFor(fixture, true)
      expect(decode(bytes, { ...options, fragment: 'auto' }, bytes.length), fixture.file).toEqual(decode(bytes, options, bytes.length))
    }
  })

  test('zstd in pieces of any size decompresses alike', () => {
    for (const { file } of decodable.filter(({ file }) => file.endsWith('.zst') && file.includes('.v')).slice(0, 20)) {
      const bytes = fixtureBytes(file)
      for (const step of [1, 5, 17, 100]) expect(unzstd(bytes, step).equals(unzstd(bytes)), `${file} in steps of ${step}`).toBe(true)
    }
  })

  test('legacy .dbz files are refused by name, from a file and from a pipe', async () => {
    const legacy = fixtures.filter(({ kind }) => kind === 'dbz-legacy')
    expect(legacy.length).toBeGreaterThan(0)
    async function* bytewise(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1)
    }
    for (const { file } of legacy) {
      await expect(openDbn(fixturePath(file)), file).rejects.toMatchObject({ code: 'DBN_LEGACY_DBZ' })
      await expect(openDbn(bytewise(fixtureBytes(file))), file).rejects.toMatchObject({ code: 'DBN_LEGACY_DBZ' })
    }
  })
})
