/** `npm start`: the whole job, and what stops it in one sentence. */
import { isTradingError } from '@gatehouse/durable-log'
import { readOptions } from './options.js'

// Before anything else is loaded: who asked wrongly, or for help, need not wait.
readOptions(process.argv.slice(2))
try {
  await import('./main.js')
} catch (error) {
  const told = isTradingError(error) ? `${error.message} (${error.code})` : error instanceof Error ? error.message : String(error)
  process.stderr.write(`\nGatehouse: ${told}\n${process.argv.includes('--verbose') && error instanceof Error ? `${error.stack}\n` : ''}`)
  process.exitCode ||= 1
}
