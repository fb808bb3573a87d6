import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  allContracts,
  createNotice,
  defaultPolicies,
  defaultPolicyCases,
  evidenceContract,
  isTradingError,
  manifestPinContract,
  modelDescriptionContract,
  modelMetadataContract,
  noticeContract,
  openGate,
  parseTime,
  type Evidence,
} from '@gatehouse/contracts'
import { seededRandom, smallCandidate } from '@gatehouse/contracts/testing'
import { generatedFiles } from '../generated/generated-files.js'

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString()
const candidate = smallCandidate()
const model = JSON.parse(text(candidate.get('model.json'))) as Record<string, unknown> & { provenance: { data: unknown[] } }
const evidence: Evidence = {
  type: 'evidence',
  contractVersion: '1.0',
  artifactDigest: 'a'.repeat(64),
  values: { ece: { value: 0.1, unit: 'score', source: 'b'.repeat(64), measuredAt: '2026-01-01T00:00:00Z' } },
}
const notice = createNotice(
  { source: '/test', clock: { now: () => parseTime('2026-01-01T00:00:00Z') }, nextId: () => '1' },
  { type: 'gatehouse.data.stale.v1', data: { feed: 'f', schema: 'mbp-10', ageSeconds: 3, limitSeconds: 2 } },
)
const good: readonly (readonly [string, unknown])[] = [
  ['model-description', model],
  ['model-metadata', JSON.parse(text(candidate.get('metadata.json')))],
  ['manifest-pin', model.provenance.data[0]],
  ['evidence', evidence],
  ['gate-policy', defaultPolicies[0]],
  ['policy-cases', defaultPolicyCases()[0]],
  ['gate-report', openGate(defaultPolicies[0]).evaluate(evidence, { now: parseTime('2026-06-01T00:00:00Z') })],
  ['notice', notice],
]

/** Bad neighbours of a good document: a member dropped, added, of another type, or a text that a careless pattern lets through. */
function neighbours(document: unknown, seed: number): unknown[] {
  const random = seededRandom(seed)
  const spots: { owner: Record<string, unknown>; key: string }[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      spots.push({ owner: value as Record<string, unknown>, key })
      visit((value as Record<string, unknown>)[key])
    }
  }
  return Array.from({ length: 40 }, () => {
    const copy: unknown = JSON.parse(JSON.stringify(document))
    spots.length = 0
    visit(copy)
    const { owner, key } = random.pick(spots)
    const before = owner[key]
    const replacements: unknown[] = [
      null,
      true,
      -1,
      1.5,
      'x',
      '',
      [],
      {},
      `${String(before)}\n`,
      '٣',
      1e300,
      '2026-13-01T00:00:00Z',
      '2026-01-01T00:00:00.1234567890Z',
      before,
    ]
    if (random.below(4) === 0 && !Array.isArray(owner)) owner[`${key}2`] = before
    else if (random.below(4) === 0 && !Array.isArray(owner)) delete owner[key]
    else owner[key] = random.pick(replacements)
    return copy
  })
}

const samples = good.flatMap(([name, document], index) =>
  [document, ...neighbours(document, index + 1)].map((sample) => ({ name, sample })),
)
const schemaOf = (name: string): object => allContracts.find((contract) => contract.name === name)?.schema ?? {}
const verdicts = samples.map(({ name, sample }) => allContracts.find((contract) => contract.name === name)?.check(sample) ?? false)

describe('contracts', () => {
  test('take good documents and refuse most of their neighbours', () => {
    for (const [name, document] of good)
      expect(allContracts.find((contract) => contract.name === name)?.problems(document), name).toEqual([])
    expect(verdicts.filter((isGood) => !isGood).length).toBeGreaterThan(150)
    expect(verdicts.filter((isGood) => isGood).length).toBeGreaterThan(good.length)
  })

  test('ajv judges the generated JSON Schemas alike', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
    const compiled = new Map(allContracts.map(({ name }) => [name, ajv.compile(schemaOf(name))]))
    const differing = samples.filter(({ name, sample }, index) => compiled.get(name)?.(sample) !== verdicts[index])
    expect(differing).toEqual([])
  })

  const python = spawnSync('python3', ['-c', 'import jsonschema; jsonschema.Draft202012Validator'], { stdio: 'ignore' }).status === 0
  if (!python) console.warn('python3 with jsonschema (draft 2020-12) is not here: the Python side of the schemas is not checked')
  test.skipIf(!python)("Python's jsonschema judges the generated JSON Schemas alike", () => {
    const program =
      'import json, sys, jsonschema\nwork = json.load(sys.stdin)\nvalidators = {name: jsonschema.Draft202012Validator(schema) for name, schema in work["schemas"].items()}\nprint(json.dumps([validators[s["name"]].is_valid(s["sample"]) for s in work["samples"]]))'
    const schemas = Object.fromEntries(allContracts.map(({ name }) => [name, schemaOf(name)]))
    const { stdout, stderr } = spawnSync('python3', ['-c', program], {
      input: JSON.stringify({ schemas, samples }),
      encoding: 'utf8',
      maxBuffer: 1e8,
    })
    expect(stderr.replace(/.*Deprecation.*\n?.*\n?/g, '')).toBe('')
    const theirs = JSON.parse(stdout) as boolean[]
    expect(samples.filter((_, index) => theirs[index] !== verdicts[index])).toEqual([])
  })

  test('the checked-in files are current', () => {
    for (const [path, content] of generatedFiles()) {
      const file = new URL(`../../${path}`, import.meta.url)
      expect(JSON.parse(readFileSync(file, 'utf8')), `${path}: run packages/contracts/test/generated/generate.ts`).toEqual(
        JSON.parse(content),
      )
    }
  })

  test('an older or equal minor is read, another major is refused by name', () => {
    expect(evidenceContract.parse(evidence)).toBe(evidence)
    const newer = { ...evidence, contractVersion: '2.3' }
    expect(() => evidenceContract.parse(newer)).toThrow(/evidence is version 2\.3; this library reads 1\.0 to 1\.0/)
    expect(() => evidenceContract.parse({ ...evidence, contractVersion: '1.4', novelty: 1 })).toThrow(/version 1\.4/)
    expect(evidenceContract.check({ ...evidence, contractVersion: '1.4' })).toBe(true)
    expect(() => evidenceContract.parse({ ...evidence, contractVersion: 'one' })).toThrow(/Not a evidence|Not an? evidence/)
  })

  test('a mistake is named by its place', () => {
    const [problem] = evidenceContract.problems({ ...evidence, values: { ece: { ...evidence.values['ece'], unit: 4 } } })
    expect(problem.at).toBe('/values/ece/unit')
  })

  test('a payload of another type is refused with its own mistakes', () => {
    expect(() => noticeContract.parse({ ...notice, data: { feed: 'f' } })).toThrow(/schema, ageSeconds, limitSeconds/)
    expect(noticeContract.check({ ...notice, traceparent: '00-1' })).toBe(true)
    try {
      noticeContract.parse({ ...notice, type: 'gatehouse.nothing.v1' })
    } catch (error) {
      expect(isTradingError(error, 'CONTRACT_INVALID')).toBe(true)
    }
  })

  test('the parts of a candidate fit the contracts they are written against', () => {
    expect(modelDescriptionContract.check(model)).toBe(true)
    expect(modelMetadataContract.check(good[1][1])).toBe(true)
    expect(manifestPinContract.check(good[2][1])).toBe(true)
  })
})
