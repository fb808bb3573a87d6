import { xxhash64Wasm } from './xxhash64-wasm.js'

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  reset(): void
  update(length: number): void
  digest(): number
}

const INPUT_AT = 2048
const INPUT_BYTES = 1 << 18

/** What is used of WebAssembly, whose types TypeScript has only with those of a browser. */
interface WasmHost {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WasmHost }

let compiled: object | undefined

/**
 * Running XXH64 (seed 0) of which zstd keeps the low 32 bits as a frame's checksum. In WebAssembly, because JavaScript has no fast
 * 64-bit multiplication; a 1.5 kB module that is compiled on first use.
 */
export class Xxhash64 {
  readonly #exports: Exports
  readonly #input: Uint8Array

  constructor() {
    compiled ??= new wasm.Module(Buffer.from(xxhash64Wasm, 'base64'))
    this.#exports = new wasm.Instance(compiled).exports as Exports
    this.#input = new Uint8Array(this.#exports.memory.buffer, INPUT_AT, INPUT_BYTES)
    this.#exports.reset()
  }

  reset(): void {
    this.#exports.reset()
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += INPUT_BYTES) {
      const piece = bytes.subarray(at, at + INPUT_BYTES)
      this.#input.set(piece)
      this.#exports.update(piece.length)
    }
  }

  /** Low 32 bits of the hash of everything since the last reset. */
  digest32(): number {
    return this.#exports.digest() >>> 0
  }
}
