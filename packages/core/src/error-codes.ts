import { calendarErrorCodes } from './calendar/error-codes.js'
import { feedErrorCodes } from './feed/error-codes.js'
import { reportErrorCodes } from './report/error-codes.js'

const engineErrorCodes = {
  FEED_OUT_OF_ORDER: {
    cause: 'A feed gave a batch whose rows begin before those of the batch ahead of it.',
    cure: 'Sort by the time a row could be known (availableAt); merge sources with a feed each.',
  },
  MODEL_NOT_ADMITTED: {
    cause: 'A paper or live run was given a model without a valid admission for that environment.',
    cure: 'Pass what registry.admit gave for this environment; promote the model again when its promotion has ended.',
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
  STRATEGY_FAILED: { cause: 'A handler of the strategy threw.', cure: 'See the cause of the error: it is what the strategy threw.' },
  TURN_RUNAWAY: {
    cause: 'One turn caused more than 100 000 broker events: a handler answers its own orders without end.',
    cure: 'Do not send an order in answer to every rejection or fill; set a condition or a timer.',
  },
} as const

/** Every error code of this package, with cause and cure. */
export const errorCodes = { ...calendarErrorCodes, ...engineErrorCodes, ...feedErrorCodes, ...reportErrorCodes } as const
