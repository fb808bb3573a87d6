import Type from 'typebox'
import { defineContract, type DocumentOf } from './contract.js'
import { dataSource, manifestPinContract, manifestShapeContract } from './manifest.js'
import { closed, count, digest, finite, mapOf, nanoseconds, slug, text, time, whole, window, words } from './primitives.js'

const shape = Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), {
  description: 'Sizes, row-major, without the batch; empty for a scalar',
})
const parameter = Type.Union([finite('A number'), Type.Boolean(), text('A word'), Type.Array(finite('A number'))])

const network = closed(
  {
    inputs: Type.Array(closed({ name: text('Name'), shape }), {
      minItems: 1,
      description: 'Inputs; a raw feature vector is their values, row-major, in this order',
    }),
    outputs: Type.Array(
      closed({
        name: text('Name'),
        shape,
        kind: words(['logits', 'probabilities', 'value', 'score', 'log-variance'], { description: 'How its numbers read' }),
      }),
      { minItems: 1, description: 'Outputs; an output vector is their values, row-major, in this order' },
    ),
    layers: Type.Array(
      closed({
        name: text('Name, unique in the network'),
        kind: text('What it computes, such as dense, causal-conv1d, gru, layer-norm; the kit documents its kinds'),
        from: Type.Array(text('Name of an input or of an earlier layer'), { minItems: 1, description: 'What it reads' }),
        outputShape: shape,
        parameters: mapOf('[a-z][a-zA-Z0-9]*', parameter, { description: 'Settings of the kind' }),
        weights: Type.Array(
          closed({ role: text('Its role in the layer, such as kernel, bias'), tensor: text('Its name in the weights file'), shape }),
          { description: 'Its tensors' },
        ),
      }),
      { minItems: 1, description: 'The network as data, in the order it is computed' },
    ),
    parameterCount: count('Trained numbers in all'),
  },
  { description: 'The network as data' },
)

/** One column of the feature vector. */
export const feature = closed({
  name: text('Name, unique in the spec'),
  unit: text('Unit of its values, such as return-log, ticks, fraction, dimensionless'),
  source: dataSource,
  warmUp: closed(
    {
      amount: count('How much history before its first defined value'),
      of: words(['rows', 'seconds', 'sessions']),
    },
    { description: 'History it needs' },
  ),
  missing: words(['refuse', 'flag', 'zero', 'carry-forward'], { description: 'What happens where its input is missing' }),
  definition: text('How it is computed, as a stable expression; part of the hash'),
})

const features = closed(
  {
    items: Type.Array(feature, { minItems: 1, description: 'The features in the order of the vector' }),
    rows: Type.Integer({
      minimum: 1,
      description: 'Rows in one input: 1 for a flat vector, the window for a sequence, the universe for a ranking',
    }),
    hash: digest('featureSpecHash of items and rows'),
  },
  { description: 'What the network is fed' },
)

const scaler = closed(
  {
    kind: words(['none', 'standard', 'robust', 'min-max', 'quantile', 'within-group'], {
      description: 'How raw features are normalised inside the network',
    }),
    center: Type.Array(finite('Subtracted'), { description: 'One a feature; empty for none and within-group' }),
    scale: Type.Array(finite('Divided by'), { description: 'One a feature; empty for none and within-group' }),
    clip: Type.Optional(Type.Array(finite('Bound'), { minItems: 2, maxItems: 2, description: 'Lower and upper bound after scaling' })),
    quantiles: Type.Optional(Type.Array(Type.Array(finite('Quantile')), { description: 'One list a feature, for quantile' })),
    fittedOn: Type.Optional(window),
  },
  { description: 'Normalisation' },
)

const labels = closed(
  {
    heads: Type.Array(
      closed({
        output: text('Name of the output it reads'),
        kind: words(['classes', 'ordered-classes', 'binary', 'regression', 'relevance'], { description: 'What is predicted' }),
        classes: Type.Optional(Type.Array(text('Class name'), { minItems: 2, description: 'In the order of the output' })),
        unit: Type.Optional(text('Unit of a regression, such as basis-points')),
        horizon: text('How far ahead, such as 24 bars, 60 s, 10 trades, the session'),
        definition: text('How the label is computed'),
        weight: Type.Optional(finite('Weight of its loss')),
      }),
      { minItems: 1 },
    ),
  },
  { description: 'What the outputs mean' },
)

const calibration = Type.Array(
  closed({
    output: text('Name of the output'),
    kind: words(['none', 'temperature', 'platt', 'isotonic']),
    temperature: Type.Optional(finite('Divides the logits')),
    slope: Type.Optional(finite('Platt slope')),
    offset: Type.Optional(finite('Platt offset')),
    knots: Type.Optional(
      Type.Array(Type.Array(finite('Raw, calibrated'), { minItems: 2, maxItems: 2 }), { description: 'Isotonic steps' }),
    ),
    fittedOn: Type.Optional(window),
  }),
  { description: 'From raw output to probability, one an output that has it' },
)

const weights = closed(
  {
    file: Type.String({ pattern: whole('[a-z0-9][a-z0-9._-]{0,63}'), description: 'File beside model.json, weights.safetensors' }),
    format: Type.Literal('safetensors'),
    sha256: digest('Of the file'),
    byteLength: count('Of the file'),
  },
  { description: 'Where the trained numbers are' },
)

const golden = closed(
  {
    tolerance: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 0.01,
        description: 'Largest absolute difference for outputs up to 1, relative above; 1e-5 when absent',
      }),
    ),
    vectors: Type.Array(
      closed({
        input: Type.Array(finite('Raw feature value'), {
          minItems: 1,
          description: 'All inputs of one row, or of the rows of one group, row-major, before scaling',
        }),
        output: Type.Array(finite('Output value'), { minItems: 1, description: 'All outputs, row-major, before calibration' }),
      }),
      { minItems: 1, description: 'Inputs and the outputs that the training forward pass gave' },
    ),
  },
  { description: 'Proof that what runs computes what was trained' },
)

const provenance = closed(
  {
    backend: closed({ name: text('Such as tfjs-wasm, torch-cpu'), version: text('Version'), precision: text('Such as float32') }),
    seeds: mapOf('[a-z][a-zA-Z0-9]*', Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), {
      description: 'Every seed, by use',
    }),
    versions: mapOf('[@A-Za-z0-9][A-Za-z0-9._/@-]*', text('Version'), { description: 'Runtime and libraries that took part' }),
    data: Type.Array(Type.Unsafe<DocumentOf<typeof manifestPinContract>>(member(manifestPinContract.schema)), {
      minItems: 1,
      description: 'Pins of all data it was trained on',
    }),
    train: window,
    validation: Type.Optional(window),
    codeHash: Type.Optional(digest('Of the training code')),
    lockfileHash: Type.Optional(digest('Of the dependency lockfile')),
    hyperparameters: mapOf('[a-z][a-zA-Z0-9]*', parameter, { description: 'Settings of the training' }),
  },
  { description: 'How it came to be; holds no wall time, so that the same inputs and seed give the same bytes' },
)

const trigger = Type.Union(
  [
    closed({ every: text('Schema whose every record asks for a prediction') }),
    closed({ everyNs: nanoseconds('Interval') }),
    closed({
      session: Type.String({ pattern: whole('(?:[01][0-9]|2[0-3]):[0-5][0-9]'), description: 'HH:MM in the time zone of the calendar' }),
      calendar: text('Calendar, such as XNYS'),
    }),
  ],
  { description: 'When it predicts' },
)

const driftReference = Type.Array(
  closed({
    feature: text('Feature name'),
    edges: Type.Array(finite('Edge'), { minItems: 1, description: 'Inner bin edges, ascending' }),
    fractions: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
      minItems: 2,
      description: 'Share of training rows a bin; one more than edges',
    }),
  }),
  { description: 'Training distribution a feature, for the population stability index' },
)

/** A schema as a member of another one, without its identity. */
function member(published: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { $schema: _draft, $id: _id, title: _title, ...rest } = published
  return rest
}

/** `model.json`: everything that decides what the model computes. Its bytes' SHA-256 is the artifact's identity. */
export const modelDescriptionContract = defineContract({
  name: 'model-description',
  version: '1.0',
  title: 'ModelDescription',
  description: 'model.json: everything that decides what a model computes; the SHA-256 of its bytes is the identity of the artifact',
  properties: {
    name: slug('Name under which it is registered, such as order-book or order-book/btcusd'),
    family: slug('Family it belongs to, such as macro-regime'),
    network,
    features,
    scaler,
    labels,
    calibration,
    golden,
    weights,
    provenance,
    needs: Type.Unsafe<DocumentOf<typeof manifestShapeContract>>(member(manifestShapeContract.schema)),
    trigger,
    driftReference: Type.Optional(driftReference),
    extra: Type.Optional(mapOf('[a-z][a-zA-Z0-9]*', parameter, { description: "The family's own settings, such as a decision threshold" })),
  },
})
export type ModelDescription = DocumentOf<typeof modelDescriptionContract>
export type FeatureSpec = ModelDescription['features']
export type Feature = FeatureSpec['items'][number]

/** `metadata.json`: who, when and why. Wall times live here, outside what must repeat. */
export const modelMetadataContract = defineContract({
  name: 'model-metadata',
  version: '1.0',
  title: 'ModelMetadata',
  description: 'metadata.json: who trained the model, when, why, and under which campaign',
  properties: {
    artifactDigest: digest('Of model.json'),
    title: text('One line for people'),
    author: text('Who answers for it; the person an approval may have to be distinct from'),
    createdAt: time('When training ended'),
    licence: Type.Optional(text('Licence of weights and data use')),
    hypothesis: text('What it should exploit, and why that should persist'),
    intendedUse: text('Instruments, session and size it was made for'),
    limitations: text('Where it should not be used'),
    campaign: Type.Optional(text('Campaign it belongs to')),
    run: Type.Optional(text("Tracker's id of the training run")),
    commit: Type.Optional(Type.String({ pattern: whole('[0-9a-f]{40}(?:[0-9a-f]{24})?'), description: 'Source commit' })),
    dirty: Type.Optional(Type.Boolean({ description: 'True when the work tree differed from the commit' })),
    trainingSeconds: Type.Optional(Type.Number({ minimum: 0, description: 'Wall time of the training' })),
    machine: Type.Optional(text('Processor and memory, without a host name')),
    tags: Type.Optional(Type.Array(text('Tag'))),
  },
})
export type ModelMetadata = DocumentOf<typeof modelMetadataContract>
