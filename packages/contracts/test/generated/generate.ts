import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generatedFiles } from './generated-files.js'

/* Writes schemas/ and policies/ from the TypeScript they are defined in. A test fails when the files are behind. */
const root = fileURLToPath(new URL('../..', import.meta.url))
for (const folder of ['schemas', 'policies']) mkdirSync(join(root, folder), { recursive: true })
const files = generatedFiles()
for (const [path, content] of files) writeFileSync(join(root, path), content)
console.log(`${files.size} files written`)
