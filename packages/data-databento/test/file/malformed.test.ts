import { describe, expect, test } from 'vitest'
import { canonicalRecord } from '../../src/codec/canonical.js'
import { openDbn } from '../../src/file/open-dbn.js'
import { fixturePath, hasFixtures, malformed } from '../support/fixtures.js'

/** Records read and the code of the error that ended it, per broken file of `malformed.json`. */
const outcomes: Readonly<Record<string, readonly [records: number, code: string | undefined]>> = {
  'empty.dbn': [0, 'DBN_NOT_DBN'],
  'three-bytes.dbn': [0, 'DBN_NOT_DBN'],
  'prelude-only.dbn': [0, 'DBN_METADATA_TRUNCATED'],
  'bad-magic.dbn': [0, 'DBN_NOT_DBN'],
  'gzip.dbn': [0, 'DBN_NOT_DBN'],
  'version-0.dbn': [0, 'DBN_VERSION'],
  'version-4.dbn': [0, 'DBN_VERSION'],
  'version-255.dbn': [0, 'DBN_VERSION'],
  'meta-len-99.dbn': [0, 'DBN_METADATA_INVALID'],
  'meta-len-4g.dbn': [0, 'DBN_METADATA_INVALID'],
  'meta-truncated.dbn': [0, 'DBN_METADATA_TRUNCATED'],
  'meta-symbols-count.dbn': [0, 'DBN_METADATA_INVALID'],
  'meta-dataset-no-nul.dbn': [0, 'DBN_METADATA_INVALID'],
  'meta-schema-def.dbn': [0, 'DBN_METADATA_INVALID'],
  'meta-unknown-schema.dbn': [2, undefined],
  'meta-unknown-stype.dbn': [2, undefined],
  'meta-cstr-len-0.dbn': [0, 'DBN_METADATA_INVALID'],
  'no-records.dbn': [0, undefined],
  'rec-truncated-body.dbn': [1, 'DBN_RECORD_TRUNCATED'],
  'rec-truncated-header.dbn': [2, 'DBN_RECORD_TRUNCATED'],
  'rec-truncated-1byte.dbn': [2, 'DBN_RECORD_TRUNCATED'],
  'rec-len-0.dbn': [1, 'DBN_RECORD_LENGTH'],
  'rec-len-3.dbn': [1, 'DBN_RECORD_LENGTH'],
  'rec-len-short.dbn': [1, 'DBN_RECORD_SHORT'],
  'rec-len-long.dbn': [3, undefined],
  'rec-len-odd.dbn': [3, undefined],
  'rec-len-255.dbn': [1, 'DBN_RECORD_TRUNCATED'],
  'rec-unknown-rtype.dbn': [3, undefined],
  'rec-bad-enum.dbn': [2, undefined],
  'tsout-flag-but-missing.dbn': [2, undefined],
  'unaligned-meta.dbn': [2, undefined],
  'z-truncated.dbn.zst': [0, 'ZSTD_TRUNCATED'],
  'z-corrupt.dbn.zst': [2, 'ZSTD_CHECKSUM'],
  'z-bad-checksum.dbn.zst': [2, 'ZSTD_CHECKSUM'],
  'z-trailing-garbage.dbn.zst': [2, 'ZSTD_CORRUPT'],
  'z-skippable-middle.dbn.zst': [2, undefined],
  'z-two-frames.dbn.zst': [2, undefined],
  'z-frame-per-record-split.dbn.zst': [2, undefined],
  'z-empty-frame.dbn.zst': [2, undefined],
  'z-not-dbn.dbn.zst': [0, 'DBN_NOT_DBN'],
  'z-two-files.dbn.zst': [2, 'DBN_SECOND_HEADER'],
  'z-no-content-size.dbn.zst': [2, undefined],
  'z-long-window.dbn.zst': [2, undefined],
}

async function readAll(path: string): Promise<{ lines: string[]; code: string | undefined; details: Readonly<Record<string, unknown>> }> {
  const lines: string[] = []
  try {
    const dbn = await openDbn(path, { upgrade: false, zstd: 'script' })
    await dbn.forEachRun((run) => {
      for (let row = 0; row < run.length; row += 1) lines.push(canonicalRecord(run, row))
    })
    return { lines, code: undefined, details: {} }
  } catch (error) {
    const { code, details } = error as { code: string; details: Readonly<Record<string, unknown>> }
    return { lines, code, details }
  }
}

describe.skipIf(!hasFixtures)('malformed inputs', () => {
  test('every file has an expectation here', () => {
    expect(malformed.map(({ file }) => file.replace('malformed/', '')).sort()).toEqual(Object.keys(outcomes).sort())
  })

  for (const { file, wanted } of malformed) {
    const [records, code] = outcomes[file.replace('malformed/', '')] ?? [0, 'no expectation']
    test(`${file}: ${wanted}`, async () => {
      const outcome = await readAll(fixturePath(file))
      expect(outcome.lines).toHaveLength(records)
      if (code === undefined) expect(outcome.code).toBeUndefined()
      else expect(outcome.code).toMatch(code)
    })
  }

  test('the records that are given before an error are the right ones', async () => {
    const good = await readAll(fixturePath('malformed/z-two-frames.dbn.zst'))
    for (const file of [
      'rec-truncated-1byte.dbn',
      'rec-truncated-header.dbn',
      'z-two-files.dbn.zst',
      'z-trailing-garbage.dbn.zst',
      'unaligned-meta.dbn',
    ]) {
      expect((await readAll(fixturePath(`malformed/${file}`))).lines, file).toEqual(good.lines)
    }
  })

  test('a truncation error tells the bytes left over and where', async () => {
    expect((await readAll(fixturePath('malformed/rec-truncated-body.dbn'))).details).toMatchObject({ leftOver: 70, offset: 440 })
  })

  test('ts_out is not read out of a record too short to hold it', async () => {
    const { lines } = await readAll(fixturePath('malformed/tsout-flag-but-missing.dbn'))
    expect(lines.join()).not.toContain('ts_out')
  })
})
