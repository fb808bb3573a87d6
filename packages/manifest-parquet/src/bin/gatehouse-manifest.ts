#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { runManifestCommand } from '../cli/manifest-commands.js'

const stop = new AbortController()
process.once('SIGINT', () => stop.abort(new Error('interrupted')))
// `… | head` has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await runManifestCommand(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path, 'utf8'),
  signal: stop.signal,
})
