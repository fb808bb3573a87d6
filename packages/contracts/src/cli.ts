export { runRegistryCommand } from './cli/run-registry-command.js'
export { registryCommands, type RegistryCommand } from './cli/registry-commands.js'
export type { CommandIo, CommandResult } from './cli/command-io.js'
export { nodeCommandIo } from './cli/node-command-io.js'
