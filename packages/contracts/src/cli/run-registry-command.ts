import { isTradingError } from '@gatehouse/durable-log'
import type { CommandIo, CommandResult } from './command-io.js'
import { parseCommandLine } from './options.js'
import { registryCommands } from './registry-commands.js'
import { json, plain } from './table.js'

/**
 * Runs one command of `gatehouse registry`. Never throws for what a user can get wrong: that is exit code 1 and a message.
 * @param argv the command and what follows it, `['promote', '--artifact', …]`
 */
export async function runRegistryCommand(argv: readonly string[], io: CommandIo): Promise<CommandResult> {
  const [name = 'help', ...rest] = argv
  const command = Object.hasOwn(registryCommands, name) ? registryCommands[name] : undefined
  if (command === undefined) return { exitCode: /^(?:-h|--)?help$|^-h$/.test(name) ? 0 : 1, stdout: `${help()}\n`, stderr: '' }
  try {
    const line = parseCommandLine(rest)
    if (line.help) return { exitCode: 0, stdout: `gatehouse registry ${command.usage}\n${command.summary}\n`, stderr: '' }
    return await command.run(line, io)
  } catch (error) {
    if (!isTradingError(error)) throw error
    const usage = error.code === 'CLI_USAGE' ? `\ngatehouse registry ${command.usage}` : ''
    const stdout = rest.includes('--json') ? `${json({ error: { code: error.code, message: error.message } })}\n` : ''
    return { exitCode: 1, stdout, stderr: `${error.code}: ${plain(error.message)}${usage}\n` }
  }
}

function help(): string {
  const width = Math.max(...Object.keys(registryCommands).map((name) => name.length))
  const lines = Object.entries(registryCommands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    'gatehouse registry <command> [options]',
    '',
    ...lines,
    '',
    'Exit codes: 0 done, 1 could not be done, 2 refused. --json prints one JSON value. --help after a command shows its options.',
  ].join('\n')
}
