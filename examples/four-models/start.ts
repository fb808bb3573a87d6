/** `npm start`: the whole job, and what stops it in one sentence. */
import { isTradingError } from '@gatehouse/core'

try {
  await import('./main.js')
} catch (error) {
  const told = isTradingError(error) ? `${error.message} (${error.code})` : error instanceof Error ? error.message : String(error)
  process.stderr.write(`\nGatehouse: ${told}\n${process.argv.includes('--verbose') && error instanceof Error ? `${error.stack}\n` : ''}`)
  process.exitCode ||= 1
}
