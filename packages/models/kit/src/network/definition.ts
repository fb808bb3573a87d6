/** What follows the sum of a layer. */
export type Activation = 'linear' | 'relu' | 'sigmoid' | 'tanh'

/** `name` defaults to kind and position; `from` to the layer before (the input for the first). */
interface Wired {
  readonly name?: string | undefined
  readonly from?: string | readonly string[] | undefined
}

/** One layer. Shapes are without the batch: `[features]` or `[steps, features]`, oldest step first. */
export type LayerDefinition = Wired &
  (
    | { readonly kind: 'dense'; readonly units: number; readonly activation?: Activation | undefined }
    /** Zero-padded on the left, so a step sees itself and the past only. */
    | {
        readonly kind: 'causal-conv1d'
        readonly filters: number
        readonly kernel: number
        readonly dilation?: number | undefined
        readonly activation?: Activation | undefined
      }
    /** `[steps, features]` to `[steps / size, size * features]`: with `dense` behind it, a convolution whose stride is its kernel. */
    | { readonly kind: 'patch'; readonly size: number }
    | { readonly kind: 'layer-norm' }
    /** Reset-after form, as Keras, PyTorch and cuDNN have it. `units` is a multiple of 4. Last state, or every state with `sequence`. */
    | { readonly kind: 'gru'; readonly units: number; readonly sequence?: boolean | undefined }
    /** Mixes time then features: `act(W1 X W2 + B)`, `[steps, features]` to `[steps', units]` (Tran et al. 2018). */
    | { readonly kind: 'bilinear'; readonly steps: number; readonly units: number; readonly activation?: Activation | undefined }
    /** The temporal attention of a TABL layer, between the two halves of a bilinear layer; shape is kept. */
    | { readonly kind: 'temporal-attention' }
    /** Learned mix of normalisation over time and over features (BiN, Tran et al. 2021); shape is kept. */
    | { readonly kind: 'bilinear-norm' }
    | { readonly kind: 'activation'; readonly activation: Activation }
    /** Training only; the mask depends on (seed, layer, step) alone. */
    | { readonly kind: 'dropout'; readonly rate: number }
    /** Sum of two layers of one shape: the residual connection. */
    | { readonly kind: 'add'; readonly from: readonly [string, string] }
    | { readonly kind: 'last-step' }
    | { readonly kind: 'flatten' }
  )

/** How heads share the loss: a fixed factor, or learned by uncertainty (Kendall et al. 2018, arXiv:1705.07115). */
export type HeadWeight = number | 'learned'

interface HeadBase {
  readonly name: string
  /** Layer it reads, of shape `[features]`; the last one by default. */
  readonly from?: string | undefined
  /** Default 1. */
  readonly weight?: HeadWeight | undefined
}

/** One output with its loss. */
export type HeadDefinition = HeadBase &
  /** Softmax cross-entropy; outputs logits. */
  (
    | { readonly kind: 'classes'; readonly classes: number; readonly smoothing?: number | undefined }
    /** Ordered logit; outputs probabilities. */
    | { readonly kind: 'ordered-classes'; readonly classes: number }
    /** Logistic loss against a probability; outputs one logit. */
    | { readonly kind: 'binary' }
    /** Huber loss; outputs a value. `huberDelta` absent is squared error. */
    | { readonly kind: 'regression'; readonly huberDelta?: number | undefined }
    /** Listwise softmax over the rows of a group; outputs a score. */
    | { readonly kind: 'relevance' }
  )

/** A network as data: what trains it, what serves it and what is written into an artifact all start from this. */
export interface NetworkDefinition {
  /** `[features]` or `[steps, features]`. */
  readonly input: readonly number[]
  readonly layers: readonly LayerDefinition[]
  readonly heads: readonly HeadDefinition[]
}

/**
 * A residual block: the body's output is added to what enters it.
 * @param name prefix of the block's layers; the block's output is the layer of this name
 * @param from the layer that enters it
 */
export function residual(name: string, from: string, body: readonly LayerDefinition[]): readonly LayerDefinition[] {
  const named = body.map((layer, i) => ({ ...layer, name: `${name}/${layer.name ?? `${layer.kind}-${i}`}`, ...(i === 0 ? { from } : {}) }))
  return [...named, { kind: 'add', name, from: [from, named[named.length - 1].name] }] as readonly LayerDefinition[]
}
