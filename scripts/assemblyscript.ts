/** What we use of the AssemblyScript compiler. Its own types are not imported: they declare its globals (another `console`) for the whole program. */
interface Compiler {
  main(
    argv: readonly string[],
    host: {
      readFile(name: string): string | null
      writeFile(name: string, contents: string | Uint8Array): void
      listFiles(): readonly string[]
      stderr: { write(chunk: unknown): void }
    },
  ): Promise<{ readonly error: Error | null }>
}

/**
 * Compiles one AssemblyScript source to a WASM module. The compiler is pinned exactly in the root package.json: bytes change with its version, and
 * with nothing else, for the module has no imports, no name section and no path in it.
 */
export async function compileAssemblyScript(source: string, flags: readonly string[]): Promise<Uint8Array> {
  const compiler = 'assemblyscript/asc'
  const { default: asc } = (await import(compiler)) as { readonly default: Compiler }
  const outputs = new Map<string, string | Uint8Array>()
  const errors: string[] = []
  const { error } = await asc.main(['module.ts', '--outFile', 'module.wasm', '-O3', '--noAssert', '--runtime', 'stub', ...flags], {
    readFile: (name) => (name === 'module.ts' ? source : null),
    writeFile: (name, contents) => void outputs.set(name, contents),
    listFiles: () => [],
    stderr: { write: (chunk) => void errors.push(String(chunk)) },
  })
  const bytes = outputs.get('module.wasm')
  if (error !== null || !(bytes instanceof Uint8Array)) throw new Error(`AssemblyScript failed: ${errors.join('')}`, { cause: error })
  return bytes
}
