import { TradingError } from '@gatehouse/contracts'
import { type Artifact, type InputSpec, type Instrument, type Model, type Prediction, type Schema, type TimeNs } from '@gatehouse/core'
import { readArtifact } from '../artifact/artifact.js'
import { type FeatureSet, requireSameFeatures } from '../feature/feature-set.js'
import { type KitPredictor, openPredictor } from '../serve/predictor.js'
import { type FamilyDefinition, type LoadedFamily } from './definition.js'
import { type FamilyRows } from './rows.js'

/**
 * Reads an artifact, verifies it to the golden vectors, and checks that this version of the family computes the features it was trained on.
 * @throws {TradingError} `MODEL_ARTIFACT_INVALID`, `MODEL_GOLDEN_MISMATCH`, `MODEL_FEATURES_MISMATCH`
 */
export async function loadFamily<R extends FamilyRows, P extends Prediction>(
  family: Pick<FamilyDefinition<R, P>, 'name' | 'features' | 'serving'>,
  { files }: Pick<Artifact, 'files'>,
): Promise<Model<P>> {
  const { serving } = family
  const artifact = readArtifact(files, { rows: serving.rows })
  const { description, digest, plan } = artifact
  if (description.family !== family.name)
    throw new TradingError(
      'MODEL_FEATURES_MISMATCH',
      `${family.name}: the artifact is of family ${description.family}; load it with that one`,
      {
        expected: family.name,
        found: description.family,
      },
    )
  const features = family.features(description.features.items[0].source.dataset)
  requireSameFeatures(description.features, features.spec)
  const loaded: LoadedFamily = { artifact, features }
  return {
    name: description.name,
    digest,
    // What was absent in training stays absent: the network never learnt what it means.
    inputs: (serving.inputs ?? featureInputs)(features).filter(
      ({ schema, source }) =>
        !description.needs.sources.some((one) => one.optional === 'absent' && one.schema === schema && one.dataset === source),
    ),
    trigger: serving.trigger,
    scope: serving.scope ?? 'instrument',
    compute: (input) => plan.compute(input),
    open: (instruments) => serving.open(loaded, instruments),
  }
}

/** Every schema that the features read, with the longest warm-up of any of them; and splits in-band: a price that halves overnight is no crash. */
export function featureInputs({ spec, source }: FeatureSet): readonly InputSpec[] {
  const warmUps = new Map<Schema, number>()
  for (const item of spec.items) {
    const schema = item.source.schema as Schema
    warmUps.set(schema, Math.max(warmUps.get(schema) ?? 0, item.warmUp.amount + spec.rows - 1))
  }
  return [...[...warmUps].map(([schema, warmUp]) => ({ schema, source, warmUp })), { schema: 'corporate-action', source, warmUp: 0 }]
}

/** Opens the usual predictor of one instrument: the features of its own rows (and of context instruments), then the network. */
export function openInstrument<P extends Prediction & { at: TimeNs }>(
  { artifact, features }: LoadedFamily,
  instrument: Instrument,
  {
    every,
    prediction,
    context,
    fill = () => undefined,
  }: {
    /** Rows of this schema are what the network sees. */
    readonly every: Schema
    /** Makes the one prediction that is filled again and again. */
    readonly prediction: (
      values: Float32Array,
      about: { readonly model: string; readonly digest: string; readonly instrument: Instrument },
    ) => P
    readonly context?: Readonly<Record<string, Instrument>> | undefined
    /** Sets what the family adds to `values` and `at`; returning false says nothing this time. */
    readonly fill?: ((prediction: P) => boolean | void) | undefined
  },
): KitPredictor<P> {
  const about = { model: artifact.description.name, digest: artifact.digest, instrument }
  return openPredictor<P>({
    artifact,
    features,
    instrument,
    context,
    every,
    prediction: (values) => prediction(values, about),
    fill: (said, at) => {
      said.at = at
      return fill(said)
    },
  })
}
