import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { progressBar } from '../../src/bin/output.js'
import { runProgram } from '../../src/bin/program.js'
import { createMetadata, encodeMetadata, encodeRecord, LiveClient } from '@gatehouse/data-databento'
import { trialKey } from '@gatehouse/data-databento/testing'
import { fixturePath, hasFixtures, sharedPath } from '../support/fixtures.js'

const program = fileURLToPath(new URL('../../src/bin/gatehouse-dbn.ts', import.meta.url))
const flags = ['--conditions=@gatehouse/source', '--import', 'tsx', program]

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program in this process; one test below starts it for real. */
async function dbn(args: readonly string[], input?: string): Promise<Result> {
  const text = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        text[name] += chunk.toString()
        done()
      },
    })
  const stdin = input === undefined ? Readable.from([]) : createReadStream(input)
  const code = await runProgram({
    args,
    stdin,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: {},
    signal: new AbortController().signal,
  })
  return { code, ...text }
}

const es = sharedPath('data/l2-cme/esh4-glbx-mdp3-20231225.mbo.dbn.zst')

describe.skipIf(!hasFixtures)('gatehouse-dbn', () => {
  test('json prints the canonical text, as written and upgraded', async () => {
    const file = fixturePath('synthetic/synth.hist.v1.tsout.dbn')
    expect((await dbn(['json', file])).stdout).toBe(await readFile(`${file}.asis.jsonl`, 'utf8'))
    expect((await dbn(['json', file, '--upgrade'])).stdout).toBe(await readFile(`${file}.v3.jsonl`, 'utf8'))
  })

  test('works in a pipe, and --limit counts records', async () => {
    const { stdout, code } = await dbn(['json', '-', '--limit', '3'], es)
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(4)
  })

  test('a damaged file prints what is whole, then the error, and exits with 1', async () => {
    const { stdout, stderr, code } = await dbn(['json', fixturePath('malformed/rec-len-0.dbn')])
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(stderr).toContain('DBN_RECORD_LENGTH')
    expect(code).toBe(1)
  })

  test('progress shows on a terminal, and nowhere else', () => {
    const drawn = (isTTY: boolean): string => {
      let text = ''
      const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => void ((text += chunk.toString()), done()) })
      const bar = progressBar(Object.assign(stream, { isTTY }))
      bar.onProgress?.({ stage: 'reading DBN', done: 5e6, total: 1e7, unit: 'bytes' })
      bar.done()
      return text
    }
    expect(drawn(true)).toContain('reading DBN ███████████████░░░░░░░░░░░░░░░  50 % of 10.0 MB')
    expect(drawn(false)).toBe('')
  })

  test('a wrong command line exits with 2', async () => {
    for (const args of [['nonsense'], ['json'], ['json', 'a', '--limit', 'x'], ['json', '--what']])
      expect((await dbn(args)).code, args.join(' ')).toBe(2)
  })

  test('csv gives exact prices and times', async () => {
    const { stdout } = await dbn(['csv', es, '--limit', '1', '--fields', 'tsRecv,price,side'])
    expect(stdout).toMatch(/^tsRecv,price,side\n2023-12-25T00:00:00\.\d{9}Z,\d+\.\d{9},[AB]\n$/)
  })

  test('csv takes the names that json prints', async () => {
    const { stdout } = await dbn(['csv', es, '--limit', '1', '--fields', 'ts_recv,order_id'])
    expect(stdout).toBe(
      (await dbn(['csv', es, '--limit', '1', '--fields', 'tsRecv,orderId'])).stdout.replace('tsRecv,orderId', 'ts_recv,order_id'),
    )
  })

  test('count, meta and book say what is in the file', async () => {
    expect(JSON.parse((await dbn(['count', es, '--json'])).stdout)).toEqual({ records: 68_792, instruments: 1, types: { Mbo: 68_792 } })
    expect((await dbn(['meta', es])).stdout).toContain('GLBX.MDP3')
    const book = JSON.parse((await dbn(['book', es, '--levels', '2', '--json'])).stdout) as {
      symbol: string
      bids: { price: number }[]
      asks: { price: number }[]
    }
    expect(book.symbol).toBe('ESH4')
    expect(book.bids[0]?.price).toBeLessThan(book.asks[0]?.price ?? 0)
  })

  test('split writes files that are the same records', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbn-split-'))
    try {
      await dbn(['split', es, '--by', 'symbol', '--out', directory])
      expect(await readdir(directory)).toEqual(['ESH4.dbn'])
      const { stdout } = await dbn(['json', join(directory, 'ESH4.dbn'), '--limit', '200'])
      expect(stdout).toBe((await dbn(['json', es, '--limit', '200', '--upgrade'])).stdout)
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('split gives symbols that look alike as file names a file each', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbn-split-'))
    try {
      const names = ['BRK/B', 'BRK B', '../X', 'brk_b']
      const mappings = names.map((rawSymbol, index) => ({
        rawSymbol,
        intervals: [{ startDate: 19700101, endDate: 20991231, symbol: String(index + 1) }],
      }))
      const metadata = createMetadata({ dataset: 'XNYS.PILLAR', schema: 'trades', start: 1n, symbols: names, mappings })
      const records = [1, 2, 3, 4, 1].map((instrumentId) =>
        encodeRecord({ rtype: 0, instrumentId, tsEvent: 5n, tsRecv: 5n, price: 1, size: 1, action: 'T', side: 'B' }),
      )
      await writeFile(join(directory, 'in.dbn'), [encodeMetadata(metadata), ...records])
      expect((await dbn(['split', join(directory, 'in.dbn'), '--by', 'symbol', '--out', join(directory, 'out')])).stderr).toBe('')
      const files = (await readdir(join(directory, 'out'))).sort()
      expect(files).toEqual(['.._X.dbn', 'BRK_B.dbn', 'BRK_B~2.dbn', 'brk_b~3.dbn'])
      const counts = await Promise.all(files.map(async (file) => (await dbn(['count', join(directory, 'out', file), '--json'])).stdout))
      expect(counts.map((text) => (JSON.parse(text) as { records: number }).records)).toEqual([1, 2, 1, 1])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('split into a folder that cannot be written to is an error, not a crash', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbn-split-'))
    try {
      await mkdir(join(directory, 'ESH4.dbn'))
      const { code, stderr } = await dbn(['split', es, '--by', 'symbol', '--out', directory])
      expect(code).toBe(1)
      expect(stderr).toContain('EISDIR')
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('book --at takes nanoseconds, and a time without a zone is UTC', async () => {
    const book = async (at: string): Promise<string> => (await dbn(['book', es, '--at', at, '--levels', '1', '--json'])).stdout
    const exact = await book('1703493123456789012')
    expect(exact).toContain('ESH4')
    expect(await book('2023-12-25T08:32:03.456789012Z')).toBe(exact)
    expect(await book('2023-12-25T08:32:03.456789012')).toBe(exact)
  })

  test('serve takes no standard input, no port above all ports, and no heart that never rests', async () => {
    for (const args of [['-'], [es, '--port', '65536'], [es, '--heartbeat-interval', '0']])
      expect(await dbn(['serve', ...args]), args.join(' ')).toMatchObject({ code: 2 })
  })

  test('serve plays a file to a live client', async () => {
    const child = spawn(process.execPath, [...flags, 'serve', es, '--port', '0', '--speed', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DATABENTO_API_KEY: trialKey },
    })
    try {
      const line = await new Promise<string>((resolve) => child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString())))
      expect(line).not.toContain(trialKey)
      const port = Number(/:(\d+);/.exec(line)?.[1])
      const client = new LiveClient({
        apiKey: trialKey,
        dataset: 'GLBX.MDP3',
        host: '127.0.0.1',
        port,
        subscriptions: [{ schema: 'mbo', symbols: ['ESH4'] }],
      })
      let records = 0
      for await (const event of client.events()) {
        if (event.type === 'records' && event.run.rtype === 0xa0) records += event.run.length
        if (records === 68_792) break
      }
      expect(records).toBe(68_792)
    } finally {
      child.kill()
    }
  })
})
