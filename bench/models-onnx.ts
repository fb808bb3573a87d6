/**
 * A network of the kit as an ONNX model, for onnxruntime to run the same weights: the protobuf is written by hand, a dozen operators of opset 17.
 * A part of `bench/models.ts`.
 */
import { type ResolvedNetwork, type Weights } from '@gatehouse/model-kit'

/** Fields of a protobuf message in order: a number is a varint, bytes and text have their length before them. */
type Field = readonly [number: number, value: number | string | Uint8Array | Message]
type Message = readonly Field[]

function encode(message: Message): Uint8Array {
  return Buffer.concat(
    message.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)])
      const bytes = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : encode(value)
      return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
    }),
  )
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  // 64 bits of two's complement: a negative axis has ten bytes.
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 127n) | 128)
  }
}

const [float32, int64] = [1, 7]
const tensor = (name: string, shape: readonly number[], type: number, raw: Uint8Array): Message => [
  ...shape.map((size): Field => [1, size]),
  [2, type],
  [8, name],
  [9, raw],
]
const bytesOf = (values: Float32Array | BigInt64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
const port = (name: string, shape: readonly number[]): Message => [
  [1, name],
  [
    2,
    [
      [
        1,
        [
          [1, float32],
          [2, shape.map((size): Field => [1, [[1, size]]])],
        ],
      ],
    ],
  ],
]
const attribute = (name: string, value: number | string | readonly number[]): Message => {
  if (typeof value === 'number') return [[1, name], [3, value], [20, 2]] // prettier-ignore
  if (typeof value === 'string') return [[1, name], [4, value], [20, 3]] // prettier-ignore
  return [[1, name], ...value.map((item): Field => [8, item]), [20, 7]] // prettier-ignore
}

/** Collects nodes and constants of one graph. */
class Graph {
  readonly nodes: Message[] = []
  readonly constants: Message[] = []
  #count = 0

  /** @returns the name of its first output, or of another one */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | string | readonly number[]>> = {},
    output = 0,
  ): string {
    const id = `${operator}-${this.#count++}`
    const outputs = Array.from({ length: output + 1 }, (_, i) => (i === output ? id : ''))
    this.nodes.push([
      ...inputs.map((name): Field => [1, name]),
      ...outputs.map((name): Field => [2, name]),
      [3, id],
      [4, operator],
      ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
    ])
    return id
  }
  floats(shape: readonly number[], values: Float32Array): string {
    const name = `float-${this.constants.length}`
    this.constants.push(tensor(name, shape, float32, bytesOf(values)))
    return name
  }
  integers(...values: readonly number[]): string {
    const name = `int-${this.constants.length}`
    this.constants.push(tensor(name, [values.length], int64, bytesOf(BigInt64Array.from(values, BigInt))))
    return name
  }
  activation(input: string, kind: string | undefined): string {
    const operators: Readonly<Record<string, string>> = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh' }
    return kind === undefined || kind === 'linear' ? input : this.node(operators[kind], [input])
  }
}

/** The ONNX file of a network for `rows` samples a call; `undefined` where it has a layer that is not exported. Outputs are the heads', by name. */
export function onnxModel(network: ResolvedNetwork, weights: Weights, rows: number): Uint8Array | undefined {
  const graph = new Graph()
  const at = new Map([['input', 'input']])
  const shapes = new Map<string, readonly number[]>([['input', network.input]])
  const weight = (name: string, shape: readonly number[]): string => graph.floats(shape, weights.get(name)!)
  for (const { name, from, shape, definition } of network.layers) {
    const [x, y] = from.map((source) => at.get(source)!)
    const inner = shapes.get(from[0])!
    const width = inner[inner.length - 1]
    let output: string
    switch (definition.kind) {
      case 'dense': {
        const product = graph.node('MatMul', [x, weight(`${name}/kernel`, [width, definition.units])])
        output = graph.activation(graph.node('Add', [product, weight(`${name}/bias`, [definition.units])]), definition.activation)
        break
      }
      case 'causal-conv1d': {
        const { filters, kernel, dilation = 1 } = definition
        const taps = weights.get(`${name}/kernel`)!
        // [taps, in, out] as [out, in, taps].
        const turned = Float32Array.from({ length: taps.length }, (_, i) => {
          const [o, rest] = [Math.floor(i / (width * kernel)), i % (width * kernel)]
          return taps[((rest % kernel) * width + Math.floor(rest / kernel)) * filters + o]
        })
        const channels = graph.node('Transpose', [x], { perm: [0, 2, 1] })
        const inputs = [channels, graph.floats([filters, width, kernel], turned), weight(`${name}/bias`, [filters])]
        const settings = { dilations: [dilation], kernel_shape: [kernel], pads: [dilation * (kernel - 1), 0], strides: [1] }
        output = graph.node('Transpose', [graph.activation(graph.node('Conv', inputs, settings), definition.activation)], {
          perm: [0, 2, 1],
        })
        break
      }
      case 'layer-norm':
        // Its default epsilon is 1e-5, as ours.
        output = graph.node('LayerNormalization', [x, weight(`${name}/gamma`, [width]), weight(`${name}/beta`, [width])], { axis: -1 })
        break
      case 'gru': {
        const { units } = definition
        const [kernel, recurrent, bias, second] = ['kernel', 'recurrent', 'bias', 'recurrent-bias'].map((role) =>
          weights.get(`${name}/${role}`)!,
        )
        const inputs = [
          graph.node('Transpose', [x], { perm: [1, 0, 2] }),
          graph.floats([1, 3 * units, width], gates(kernel, width, units)),
          graph.floats([1, 3 * units, units], gates(recurrent, units, units)),
          graph.floats([1, 6 * units], Float32Array.from([...gates(bias, 1, units), ...gates(second, 1, units)])),
        ]
        const last = graph.node('GRU', inputs, { hidden_size: units, linear_before_reset: 1 }, 1)
        if (definition.sequence === true) return undefined
        output = graph.node('Squeeze', [last, graph.integers(0)])
        break
      }
      case 'patch':
      case 'flatten':
        output = graph.node('Reshape', [x, graph.integers(rows, ...shape)])
        break
      case 'last-step':
        output = graph.node('Squeeze', [
          graph.node('Slice', [x, graph.integers(-1), graph.integers(2 ** 31), graph.integers(1)]),
          graph.integers(1),
        ])
        break
      case 'add':
        output = graph.node('Add', [x, y])
        break
      case 'activation':
        output = graph.activation(x, definition.activation)
        break
      case 'dropout':
        output = x
        break
      default:
        return undefined
    }
    at.set(name, output)
    shapes.set(name, shape)
  }
  for (const { name, from, width, definition } of network.heads) {
    const [features] = shapes.get(from)!
    const ordered = definition.kind === 'ordered-classes'
    const product = graph.node('MatMul', [at.get(from)!, weight(`${name}/kernel`, [features, ordered ? 1 : width])])
    if (ordered) {
      const cuts = graph.floats([1, width - 1], cutpoints(weights.get(`${name}/cutpoints`)!))
      const below = graph.node('Sigmoid', [graph.node('Sub', [cuts, product])])
      const [none, all] = [0, 1].map((share) => graph.floats([rows, 1], new Float32Array(rows).fill(share)))
      const [lower, upper] = [[none, below], [below, all]].map((parts) => graph.node('Concat', parts, { axis: 1 })) // prettier-ignore
      graph.nodes.push([[1, upper], [1, lower], [2, name], [4, 'Sub']]) // prettier-ignore
      continue
    }
    graph.nodes.push([[1, product], [1, weight(`${name}/bias`, [width])], [2, name], [4, 'Add']]) // prettier-ignore
  }
  return encode([
    [1, 8],
    [2, 'gatehouse'],
    [
      7,
      [
        ...graph.nodes.map((node): Field => [1, node]),
        [2, 'network'],
        ...graph.constants.map((constant): Field => [5, constant]),
        [11, port('input', [rows, ...network.input])],
        ...network.heads.map(({ name, width }): Field => [12, port(name, [rows, width])]),
      ],
    ],
    [8, [[2, 17]]],
  ])
}

/** The first one, then each a softplus above the one before. */
function cutpoints(raw: Float32Array): Float32Array {
  let last = 0
  return raw.map((x, k) => (last = k === 0 ? x : last + Math.log1p(Math.exp(x))))
}

/** `[inputs, 3 units]` with gates reset, update, candidate as `[3 units, inputs]` with update, reset, candidate. */
function gates(values: Float32Array, inputs: number, units: number): Float32Array {
  const turned = new Float32Array(values.length)
  const places = [1, 0, 2]
  for (let i = 0; i < inputs; i++)
    for (let gate = 0; gate < 3; gate++)
      for (let j = 0; j < units; j++) turned[(places[gate] * units + j) * inputs + i] = values[i * 3 * units + gate * units + j]
  return turned
}
