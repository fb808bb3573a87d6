export const notifyErrorCodes = {
  NOTIFIER_CLOSED: {
    cause: 'A notice was given to a notifier after it was closed.',
    cure: 'Notify before closing. What was accepted and not delivered stays in the spool and goes out when the folder is opened again.',
  },
} as const
