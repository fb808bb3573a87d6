import { TradingError } from '@gatehouse/durable-log'
import { type Action, type AddAction, type MetaDataAction, type ProtocolAction, type RemoveAction } from './actions.js'
import { chainStart } from './chain.js'
import { decodePath } from './paths.js'
import { requireReadable, requireWholeFile } from './protocol.js'

/** What a table holds at one version: the outcome of replaying its log. */
export class TableState {
  version = -1
  chain = chainStart
  /** commit time of `version`, ms; 0 before the first */
  timestamp = 0
  metaData: MetaDataAction | undefined
  protocol: ProtocolAction | undefined
  /** by decoded path */
  readonly files: Map<string, AddAction>
  readonly tombstones: Map<string, RemoveAction>
  readonly transactions: Map<string, number>

  constructor(from?: TableState) {
    this.files = new Map(from?.files)
    this.tombstones = new Map(from?.tombstones)
    this.transactions = new Map(from?.transactions)
    if (from) {
      this.version = from.version
      this.chain = from.chain
      this.timestamp = from.timestamp
      this.metaData = from.metaData
      this.protocol = from.protocol
    }
  }

  /** Replays the actions of one version. */
  apply(actions: readonly Action[], table: string): void {
    // Within one version removals come first, wherever they stand: a file rewritten in place stays.
    for (const { remove } of actions) {
      if (!remove) continue
      const path = decodePath(remove.path)
      this.files.delete(path)
      this.tombstones.set(path, remove)
    }
    for (const { add, metaData, protocol, txn } of actions) {
      if (add) {
        requireWholeFile(add, table)
        const path = decodePath(add.path)
        this.files.set(path, add)
        this.tombstones.delete(path)
      }
      if (metaData) this.metaData = metaData
      if (protocol) this.protocol = protocol
      if (txn) this.transactions.set(txn.appId, txn.version)
    }
  }

  /**
   * The table's description, once replay is done.
   * @throws {TradingError} `MANIFEST_LOG_CORRUPT` without protocol or metadata, `MANIFEST_UNSUPPORTED_FEATURE`
   */
  described(table: string): { readonly metaData: MetaDataAction; readonly protocol: ProtocolAction } {
    const { metaData, protocol } = this
    if (!metaData || !protocol) {
      const missing = metaData ? 'a protocol' : 'metadata'
      throw new TradingError('MANIFEST_LOG_CORRUPT', `the log of ${table} never states ${missing}`, { table, version: this.version })
    }
    requireReadable(protocol, metaData, table)
    return { metaData, protocol }
  }
}
