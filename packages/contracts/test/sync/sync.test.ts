import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  defaultPolicy,
  directoryStore,
  formatTime,
  generateSigningKey,
  httpStore,
  openRegistry,
  parseTime,
  s3Authorizer,
  sync,
  type ManifestPin,
  type RegistryOptions,
} from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'

const root = mkdtempSync(join(tmpdir(), 'gatehouse-sync-'))
const key = generateSigningKey()
const now = parseTime('2026-06-15T10:00:00Z')
const trustedKeys: RegistryOptions['trustedKeys'] = [{ publicKey: key.publicKey, owner: 'ada', roles: ['promote', 'approve'] }]
const open = (directory: string) => openRegistry({ directory, trustedKeys, signingKey: key, clock: { now: () => now } })
const research = join(root, 'research')
const folder = (): string => mkdtempSync(join(root, 'd-'))
const admits = async (directory: string): Promise<string> =>
  (await (await open(directory)).admit('order-book@paper', 'paper', loadSmallNetwork)).admission.artifactDigest
let digest: string

beforeAll(async () => {
  const policy = defaultPolicy('order-book', 'paper')
  if (policy === undefined) throw new Error('no policy')
  await using registry = await open(research)
  digest = (await registry.register(smallCandidate())).digest
  await registry.promote({
    name: 'order-book',
    stage: 'paper',
    artifactDigest: digest,
    policy,
    evidence: passingEvidence(policy, { artifactDigest: digest, measuredAt: formatTime(now) }),
    promoter: 'ada',
  })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('sync', () => {
  test('research promotes, control syncs, execution admits: three processes, three directories', () => {
    const [control, execution] = [join(root, 'control'), join(root, 'execution')]
    const keys = join(root, 'keys.json')
    writeFileSync(keys, JSON.stringify({ publicKey: key.publicKey, now: String(now) }))
    const script = fileURLToPath(new URL('registry-process.ts', import.meta.url))
    const run = (...args: string[]): string => {
      const node = ['--conditions=@gatehouse/source', '--import', 'tsx', script, ...args]
      const { stdout, stderr, status } = spawnSync(process.execPath, node, { encoding: 'utf8' })
      expect(status, stderr).toBe(0)
      return stdout.trim()
    }
    expect(run('sync', keys, research, control)).toBe('2')
    expect(run('sync', keys, control, execution)).toBe('2')
    expect(run('admit', keys, execution)).toBe(digest)
  }, 60_000)

  test('taken up again it brings only what is new, and the logs are the same', async () => {
    const to = folder()
    expect(await sync(research, to)).toMatchObject({ entries: 2, artifacts: 1, pins: 1 })
    expect(await sync(research, to)).toMatchObject({ entries: 0, artifacts: 0, bytes: 0 })
    expect(await (await open(to)).head()).toEqual(await (await open(research)).head())
  })

  test('refuses a destination that was written to by others', async () => {
    const to = folder()
    await (await open(to)).register(smallCandidate({ seed: 5 }))
    await expect(sync(research, to)).rejects.toMatchObject({ code: 'SYNC_DIVERGED' })
    expect(await (await open(to)).head()).toMatchObject({ index: 1 })
  })

  test('leaves a destination that is ahead as it is', async () => {
    const to = folder()
    await sync(research, to)
    const ahead = await open(to)
    await ahead.register(smallCandidate({ seed: 6 }))
    expect(await sync(research, to)).toMatchObject({ entries: 0, head: { index: 3 } })
  })

  test('refuses to carry an altered file', async () => {
    const from = folder()
    cpSync(research, from, { recursive: true })
    const path = join(from, 'artifacts', digest, 'weights.safetensors')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] ^= 1
    writeFileSync(path, bytes)
    const to = folder()
    await expect(sync(from, to)).rejects.toMatchObject({ code: 'SYNC_CORRUPT' })
    expect(await (await open(to)).head()).toMatchObject({ index: 0 })
  })

  test('hands every pin over before its artifact arrives, and stops when the data cannot come', async () => {
    const to = folder()
    const pins: ManifestPin[] = []
    await sync(research, to, { carryPin: async (pin) => void pins.push(pin) })
    expect(pins).toMatchObject([{ tableId: 'test-market', version: 7 }])
    const other = folder()
    await expect(sync(research, other, { carryPin: () => Promise.reject(new Error('no room')) })).rejects.toThrow('no room')
    expect(await (await open(other)).head()).toMatchObject({ index: 0 })
  })

  test('through a directory of objects and out again it is the same registry, and nothing is overwritten', async () => {
    const shelf = folder()
    const store = directoryStore(shelf)
    const to = folder()
    expect(await sync(research, store)).toMatchObject({ entries: 2 })
    await sync(store, to)
    expect(await admits(to)).toBe(digest)
    expect(await sync(research, store)).toMatchObject({ entries: 0 })
    expect(await store.putIfAbsent(`artifacts/${digest}/model.json`, new Uint8Array([1]))).toBe('exists')
    expect(readdirSync(join(shelf, 'log')).every((name) => name.endsWith('.json'))).toBe(true)
  })

  test('an object of the log that was altered does not arrive', async () => {
    const shelf = folder()
    await sync(research, directoryStore(shelf))
    const path = join(shelf, 'log', '000000000001.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"payload":"ey', '"payload":"eX'))
    await expect(sync(directoryStore(shelf), folder())).rejects.toThrow()
  })
})

describe('an object store over HTTP', () => {
  let server: Server
  let url: string
  const objects = new Map<string, Buffer>()
  const seen: string[] = []
  let failures = 0

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '' } = request
        seen.push(`${method} ${request.headers.authorization?.slice(0, 16) ?? ''}`)
        if (failures > 0) {
          failures -= 1
          return response.writeHead(503).end()
        }
        const object = objects.get(path)
        if (method === 'PUT') {
          if (object !== undefined && request.headers['if-none-match'] === '*') return response.writeHead(412).end()
          objects.set(path, Buffer.concat(chunks))
          return response.writeHead(200).end()
        }
        return object === undefined ? response.writeHead(404).end() : response.writeHead(200).end(method === 'HEAD' ? undefined : object)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/bucket/registry`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test('carries a registry, retries what fails in passing, and signs every request', async () => {
    failures = 2
    const authorize = s3Authorizer({ accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'eu-central-1', clock: { now: () => now } })
    const store = httpStore({ url, authorize })
    await sync(research, store)
    const to = folder()
    await sync(store, to)
    expect(await admits(to)).toBe(digest)
    expect(seen.every((line) => line.endsWith('AWS4-HMAC-SHA256'))).toBe(true)
  })

  test('says which key failed, without credentials', async () => {
    failures = 10
    const store = httpStore({ url, attempts: 1 })
    await expect(store.get('log/000000000000.json')).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      message: expect.stringContaining('log/000000000000.json') as string,
    })
    failures = 0
  })

  test('signs as AWS documents it: the example "GET Object" of Signature Version 4', () => {
    const authorize = s3Authorizer({
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      region: 'us-east-1',
      clock: { now: () => parseTime('2013-05-24T00:00:00Z') },
    })
    const { authorization } = authorize({
      method: 'GET',
      url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
      headers: { range: 'bytes=0-9' },
    })
    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })
})
