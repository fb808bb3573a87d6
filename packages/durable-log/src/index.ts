export { TradingError, isTradingError, type ErrorCode } from './trading-error.js'
export { errorCodes, type LogErrorCode } from './error-codes.js'
export { openLog } from './open-log.js'
export { readLog, type ReadLogOptions } from './reader.js'
export { readSnapshot } from './snapshot.js'
export { repairLog, type LogRepair } from './repair.js'
export { verifyLog } from './verify.js'
export { nodeFileSystem, type FileStatus, type LogFileSystem } from './file-system.js'
export type {
  AppendOptions,
  Durability,
  DurableLog,
  LockOwner,
  LogClock,
  LogFinding,
  LogHead,
  LogOptions,
  LogPosition,
  LogRecord,
  LogRecovery,
  LogSnapshot,
  LogVerification,
  ReadOptions,
  TornTail,
} from './types.js'
