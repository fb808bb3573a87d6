/** A byte address in a kernel set's memory; 0 stands for "none" where a parameter allows it. */
export type Pointer = number

/**
 * The numeric functions, as the WASM module exports them and as `js-kernels.ts` implements them. `kernels.as.ts` documents each one:
 * pointers are bytes, layouts row-major, activations 0 linear, 1 relu, 2 sigmoid, 3 tanh.
 */
export interface KernelFunctions {
  readonly activate: (n: number, p: Pointer, activation: number) => void
  readonly activateBackward: (n: number, y: Pointer, g: Pointer, activation: number) => void
  readonly copy: (n: number, source: Pointer, target: Pointer) => void
  readonly add: (n: number, source: Pointer, target: Pointer) => void
  readonly scale: (n: number, p: Pointer, factor: number) => void
  readonly sumSquares: (n: number, p: Pointer) => number
  readonly normalise: (rows: number, features: number, X: Pointer, center: Pointer, scale: Pointer, lower: number, upper: number) => void
  readonly clean: (n: number, X: Pointer) => void
  readonly gemm: (
    M: number,
    N: number,
    K: number,
    A: Pointer,
    ai: number,
    ak: number,
    B: Pointer,
    ldb: number,
    C: Pointer,
    ldc: number,
    accumulate: number,
  ) => void
  readonly transpose: (R: number, C: number, A: Pointer, out: Pointer) => void
  readonly swapOuter: (A: number, B: number, N: number, X: Pointer, out: Pointer) => void
  readonly dense: (M: number, K: number, N: number, X: Pointer, W: Pointer, b: Pointer, Y: Pointer, activation: number) => void
  readonly denseBackward: (
    M: number,
    K: number,
    N: number,
    X: Pointer,
    W: Pointer,
    Y: Pointer,
    dY: Pointer,
    dX: Pointer,
    dW: Pointer,
    db: Pointer,
    activation: number,
    scratch: Pointer,
  ) => void
  readonly convScratch: (C: number, O: number, K: number) => number
  readonly conv: (
    B: number,
    T: number,
    C: number,
    O: number,
    K: number,
    dilation: number,
    X: Pointer,
    W: Pointer,
    b: Pointer,
    Y: Pointer,
    activation: number,
    scratch: Pointer,
  ) => void
  readonly convBackward: (
    B: number,
    T: number,
    C: number,
    O: number,
    K: number,
    dilation: number,
    X: Pointer,
    W: Pointer,
    Y: Pointer,
    dY: Pointer,
    dX: Pointer,
    dW: Pointer,
    db: Pointer,
    activation: number,
    scratch: Pointer,
  ) => void
  readonly convStep: (
    C: number,
    O: number,
    K: number,
    dilation: number,
    ring: Pointer,
    length: number,
    slot: number,
    W: Pointer,
    b: Pointer,
    Y: Pointer,
    activation: number,
  ) => void
  readonly norm: (R: number, N: number, X: Pointer, gamma: Pointer, beta: Pointer, Y: Pointer, stats: Pointer) => void
  readonly normBackward: (
    R: number,
    N: number,
    X: Pointer,
    gamma: Pointer,
    stats: Pointer,
    dY: Pointer,
    dX: Pointer,
    dGamma: Pointer,
    dBeta: Pointer,
  ) => void
  readonly gru: (
    B: number,
    T: number,
    H: number,
    XW: Pointer,
    U: Pointer,
    rb: Pointer,
    Hs: Pointer,
    cache: Pointer,
    keep: number,
    scratch: Pointer,
  ) => void
  readonly gruBackward: (
    B: number,
    T: number,
    H: number,
    U: Pointer,
    Hs: Pointer,
    cache: Pointer,
    dH: Pointer,
    dSeq: Pointer,
    dXW: Pointer,
    dU: Pointer,
    drb: Pointer,
    scratch: Pointer,
  ) => void
  readonly mixTime: (
    B: number,
    T: number,
    S: number,
    C: number,
    X: Pointer,
    W: Pointer,
    bias: Pointer,
    Y: Pointer,
    activation: number,
  ) => void
  readonly mixTimeBackward: (
    B: number,
    T: number,
    S: number,
    C: number,
    X: Pointer,
    W: Pointer,
    Y: Pointer,
    dY: Pointer,
    dX: Pointer,
    dW: Pointer,
    dBias: Pointer,
    activation: number,
    scratch: Pointer,
  ) => void
  readonly attend: (B: number, T: number, C: number, X: Pointer, W: Pointer, mix: Pointer, A: Pointer, Y: Pointer) => void
  readonly attendBackward: (
    B: number,
    T: number,
    C: number,
    X: Pointer,
    W: Pointer,
    mix: Pointer,
    A: Pointer,
    dY: Pointer,
    dX: Pointer,
    dW: Pointer,
    dMix: Pointer,
    scratch: Pointer,
  ) => void
  readonly binorm: (
    B: number,
    T: number,
    C: number,
    X: Pointer,
    gt: Pointer,
    bt: Pointer,
    gf: Pointer,
    bf: Pointer,
    mix: Pointer,
    Zt: Pointer,
    Zf: Pointer,
    inverse: Pointer,
    Y: Pointer,
  ) => void
  readonly binormBackward: (
    B: number,
    T: number,
    C: number,
    gt: Pointer,
    bt: Pointer,
    gf: Pointer,
    bf: Pointer,
    mix: Pointer,
    Zt: Pointer,
    Zf: Pointer,
    inverse: Pointer,
    dY: Pointer,
    dX: Pointer,
    dgt: Pointer,
    dbt: Pointer,
    dgf: Pointer,
    dbf: Pointer,
    dMix: Pointer,
    scratch: Pointer,
  ) => void
  readonly dropout: (n: number, X: Pointer, Y: Pointer, key0: number, key1: number, threshold: number, factor: number) => void
  readonly softmax: (R: number, K: number, Z: Pointer, P: Pointer) => void
  readonly softmaxLoss: (
    R: number,
    K: number,
    Z: Pointer,
    targets: Pointer,
    weights: Pointer,
    dZ: Pointer,
    smoothing: number,
    factor: number,
  ) => number
  readonly ordinal: (R: number, K: number, S: Pointer, theta: Pointer, P: Pointer, scratch: Pointer) => void
  readonly ordinalLoss: (
    R: number,
    K: number,
    S: Pointer,
    theta: Pointer,
    targets: Pointer,
    weights: Pointer,
    dS: Pointer,
    dTheta: Pointer,
    factor: number,
    scratch: Pointer,
  ) => number
  readonly logisticLoss: (R: number, S: Pointer, targets: Pointer, weights: Pointer, dS: Pointer, factor: number) => number
  readonly huberLoss: (R: number, S: Pointer, targets: Pointer, weights: Pointer, dS: Pointer, delta: number, factor: number) => number
  readonly listLoss: (G: number, offsets: Pointer, S: Pointer, gains: Pointer, weights: Pointer, dS: Pointer, factor: number) => number
  readonly adam: (
    n: number,
    p: Pointer,
    g: Pointer,
    m: Pointer,
    v: Pointer,
    rate: number,
    b1: number,
    b2: number,
    epsilon: number,
    c1: number,
    c2: number,
    decay: number,
  ) => void
  readonly exp64: (x: number) => number
}

/** Which implementation a kernel set is; part of what makes weights repeatable, so it is recorded in artifacts. */
export type KernelBackend = 'wasm-simd' | 'js'

/**
 * Kernels over one linear memory. The memory grows only in `allocate`, which replaces `f32` and `i32`: take views after the last allocation.
 */
export interface KernelSet {
  readonly backend: KernelBackend
  readonly functions: KernelFunctions
  /** The whole memory as float32, index = pointer / 4. Replaced when the memory grows. */
  readonly f32: Float32Array
  /** The whole memory as int32. Replaced when the memory grows. */
  readonly i32: Int32Array
  /** Reserves zeroed floats, 16-byte aligned and padded to a multiple of 16 bytes. */
  allocate(floats: number): Pointer
  /** Releases everything allocated since this point in one go: `const release = set.mark(); …; release()`. */
  mark(): () => void
  /** Bytes in use. */
  readonly used: number
}
