export {
  faultyFileSystem,
  type Fault,
  type FaultyFileSystem,
  type FaultyFileSystemOptions,
  type FaultyOperation,
} from './testing/faulty-file-system.js'
export { type PowerLossMode } from './testing/undo-log.js'
export { seededRandom } from './testing/random.js'
