import { calendarErrorCodes } from './calendar/error-codes.js'
import { feedErrorCodes } from './feed/error-codes.js'
import { datasetErrorCodes } from './manifest/error-codes.js'
import { notifyErrorCodes } from './notify/error-codes.js'
import { reportErrorCodes } from './report/error-codes.js'
import { statisticsErrorCodes } from './statistics/error-codes.js'

const engineErrorCodes = {
  BATCH_INVALID: {
    cause:
      'A batch lacks a column, has one of another array type or length, or its rows are not in the order in which they could be known.',
    cure: 'Mend the column and row that the message names.',
  },
  CHECKPOINT_INVALID: {
    cause: 'A checkpoint in a journal cannot be read: it was written by another version, or is damaged.',
    cure: 'Resume with the version that wrote it, or take another folder and run again.',
  },
  JOURNAL_DAMAGED: { cause: 'An entry of a journal cannot be read.', cure: 'Verify the log of the folder; restore it from a copy.' },
  JOURNAL_DIFFERS: {
    cause:
      'A resumed backtest did something else than its journal has: strategy code, broker, limits or prices are not those it was started with.',
    cure: 'Resume it with what it was started with, or take another folder. Nothing was added to the journal.',
  },
  JOURNAL_EMPTY: {
    cause: 'A replay was asked of a folder that holds no run.',
    cure: 'Name the folder that `journal.directory` of the run named.',
  },
  JOURNAL_FINISHED: { cause: 'The folder holds the journal of a run that has ended.', cure: 'Take another folder for a new run.' },
  JOURNAL_OTHER_RUN: {
    cause: 'The folder holds an unfinished run with another configuration.',
    cure: 'Resume it with the configuration it was started with, or take another folder.',
  },
  JOURNAL_TURN_TOO_LONG: {
    cause: 'Few rows made more entries than are held ready while a run is done again.',
    cure: 'Report it with the strategy: a handful of rows should not make 40 000 entries.',
  },
  KILL_LATCH_FAILED: {
    cause: 'The file of the kill latch could not be written.',
    cure: 'Orders are stopped in this process all the same; make the folder writable, so that a restart sees it too.',
  },
  KILL_LATCH_SET: { cause: 'The kill latch is set, so no run may start.', cure: 'Find out why it was set; then a person releases it.' },
  MODEL_FAILED: { cause: 'A predictor threw.', cure: 'See the cause of the error: it is what the predictor threw.' },
  MODEL_NOT_ADMITTED: {
    cause: 'A paper or live run was given a model without a valid admission for that environment.',
    cure: 'Pass what registry.admit gave for this environment; promote the model again when its promotion has ended.',
  },
  MODEL_NOT_RUNNING: {
    cause: 'A swap names a successor that was not given, or a model that does not run.',
    cure: 'Swap in a model of the same name as one that runs; a replay needs it among its successors.',
  },
  MODEL_SOURCE_MISMATCH: {
    cause: 'A feed gives rows of another source than the model was trained on.',
    cure: 'Use the source it was trained on, retrain it, or take a cross-source parity report through the gate.',
  },
  MODEL_TRIGGER_INVALID: {
    cause: 'A model asks to predict at an interval that is not positive.',
    cure: 'Set everyNs to a positive number of nanoseconds.',
  },
  MONEY_INVALID: {
    cause: 'An amount of money is not a finite number.',
    cure: 'Look for a missing price or an overflow in what the message names.',
  },
  OPTION_INVALID: { cause: 'An option has a value that makes no sense.', cure: 'Set it as the message says.' },
  ORDER_NOT_FOUND: {
    cause: 'A journal has no order of that id.',
    cure: 'Look the id up in the report or the journal; it begins with the run’s id.',
  },
  PREFLIGHT_FAILED: {
    cause:
      'Something that must hold before an order may be sent does not: a finding of the broker, no risk limits, or no working notifier on a live account.',
    cure: 'Do what the message says; details.findings has all that was looked at.',
  },
  REPLAY_ROWS_MISSING: {
    cause: 'A replay was given a feed that does not hold the rows that the journal names.',
    cure: 'Pass the data that was recorded, in batches no smaller than those that were recorded.',
  },
  STRATEGY_FAILED: { cause: 'A handler of the strategy threw.', cure: 'See the cause of the error: it is what the strategy threw.' },
  TURN_RUNAWAY: {
    cause: 'One turn caused more than 100 000 broker events: a handler answers its own orders without end.',
    cure: 'Do not send an order in answer to every rejection or fill; set a condition or a timer.',
  },
} as const

/** Every error code of this package, with cause and cure. */
export const errorCodes = {
  ...calendarErrorCodes,
  ...datasetErrorCodes,
  ...engineErrorCodes,
  ...feedErrorCodes,
  ...notifyErrorCodes,
  ...reportErrorCodes,
  ...statisticsErrorCodes,
} as const
