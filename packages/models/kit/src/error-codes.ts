/** Every error this package throws: what it means, and what to do. The README's table lists the same. */
export const errorCodes = {
  MODEL_NETWORK_INVALID: {
    cause: 'A network definition does not fit together: an unknown layer, a wrong shape, a setting out of range.',
    cure: 'Mend the layer named in `details.layer`; the message says what was expected.',
  },
  MODEL_INPUT_INVALID: {
    cause: 'Samples, labels or weights have the wrong length, are not finite where they must be, or name an unknown class.',
    cure: 'Mend the rows named in `details`; drop or flag missing values before training.',
  },
  MODEL_TOO_LITTLE_DATA: {
    cause: 'A split, a fold, a head, a calibration or a training set is left with too few labelled rows or groups.',
    cure: 'Use a longer range, fewer folds or a shorter embargo.',
  },
  MODEL_ONE_CLASS: {
    cause: 'A classification head sees fewer than two classes in its training rows.',
    cure: 'Use a longer range, or thresholds that divide the rows.',
  },
  MODEL_TRAINING_DIVERGED: {
    cause: 'The loss or the weights stopped being finite.',
    cure: 'Lower the learning rate, clip gradients, and look for unbounded inputs.',
  },
  MODEL_CHECKPOINT_INVALID: {
    cause: 'A checkpoint is damaged or belongs to another network, data set or set of options.',
    cure: 'Delete it and train from the start, or resume with what it was written by.',
  },
  MODEL_LOOKS_INVALID: {
    cause: 'A line of the ledger of looks at test data is damaged.',
    cure: 'Restore the file; remove the last line where it was torn by a crash: its figures were never told.',
  },
  MODEL_BACKEND_UNAVAILABLE: {
    cause: 'The tensor backend that was forced does not work here.',
    cure: 'Leave the choice to the kit, or install what `details.reason` names.',
  },
  MODEL_MEMORY: { cause: 'The network does not fit into WASM memory.', cure: 'Lower the batch size.' },
  MODEL_STREAMING_INEXACT: {
    cause: 'The network cannot be streamed with the same result as its full window.',
    cure: 'Serve it by the full window, or use causal layers whose receptive field fits the window.',
  },
  MODEL_STATE_INVALID: {
    cause: 'A saved state does not belong to this predictor, feature set or stream.',
    cure: 'Warm up from recorded data instead of restoring.',
  },
  MODEL_ARTIFACT_INVALID: {
    cause: 'model.json and the weights do not agree, a digest differs, or the file is not safetensors.',
    cure: 'Fetch the artifact again; never edit its files.',
  },
  MODEL_GOLDEN_MISMATCH: {
    cause: 'The compiled network does not reproduce the golden vectors of its artifact.',
    cure: 'Do not use the artifact; train or export it again with this version of the kit.',
  },
  MODEL_FEATURES_MISMATCH: {
    cause: 'The features an artifact was trained on are not the ones at hand: other names, order, source or version.',
    cure: 'Use the family version that trained it, or train again.',
  },
  MODEL_FEATURE_INVALID: {
    cause: 'A feature operator has an impossible setting, or two features have one name.',
    cure: 'Mend the feature named in the message.',
  },
  MODEL_FEATURE_NEVER_WARM: {
    cause: 'A feature gave no value over the whole data set, or in no row that is trained on.',
    cure: 'Use a longer range, or drop the feature named in `details.features`.',
  },
  MODEL_SPLIT_INVALID: { cause: 'A split has impossible settings.', cure: 'Mend the setting named in the message.' },
  MODEL_LABEL_INVALID: { cause: 'A label has impossible settings or unusable input.', cure: 'Mend what the message names.' },
  MODEL_METRIC_INVALID: {
    cause: 'A metric got arrays of different lengths or values outside its domain.',
    cure: 'Mend what the message names.',
  },
  MODEL_DATA_NOT_PINNED: {
    cause: 'A family was asked to train on data that no pin names.',
    cure: 'Record it into a manifest, commit, and train from the snapshot of the pin.',
  },
} as const
