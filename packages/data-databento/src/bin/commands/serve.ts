import type { CommandContext } from './context.js'
export async function serve(_context: CommandContext): Promise<void> {}
