import { nodeTableFileSystem, type TableFileSystem } from '@gatehouse/manifest-parquet'
import { nodeFileSystem, type LogFileSystem } from '@gatehouse/durable-log'

/** What happens at one operation. `short` writes a part and goes on; `torn` writes a part and then fails. */
export type Fault = 'ENOSPC' | 'EIO' | 'EMFILE' | 'short' | 'torn' | 'kill-before' | 'kill-during' | 'kill-after'

/** Counts operations that change the disk, and lets one of them go wrong. */
export class FaultPlan {
  operations = 0
  readonly seen: string[] = []

  constructor(
    private readonly at: number,
    private readonly fault: Fault,
  ) {}

  /** Called before every operation. @returns what to do at this one */
  next(name: string): Fault | undefined {
    this.seen.push(name)
    return this.operations++ === this.at ? this.fault : undefined
  }
}

function fail(code: string): never {
  throw Object.assign(new Error(`injected ${code}`), { code })
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function around<T>(fault: Fault | undefined, action: () => Promise<T>): Promise<T> {
  if (fault === 'ENOSPC' || fault === 'EIO' || fault === 'EMFILE') fail(fault)
  if (fault === 'torn') fail('EIO')
  if (fault === 'kill-before') kill()
  try {
    return await action()
  } finally {
    // Also after an operation that failed: losing a race is a step like any other.
    if (fault === 'kill-after' || fault === 'kill-during') kill()
  }
}

/** The table's files, with the plan's fault in them. */
export function faultyTableFiles(plan: FaultPlan): TableFileSystem {
  const base = nodeTableFileSystem
  return {
    ...base,
    create: (path) =>
      around(plan.next('create'), async () => {
        const file = await base.create(path)
        return {
          async write(bytes, offset, length) {
            const fault = plan.next('write')
            const part = Math.max(1, length >> 1)
            if (fault === 'short') return file.write(bytes, offset, part)
            if (fault === 'torn' || fault === 'kill-during') {
              await file.write(bytes, offset, part)
              if (fault === 'torn') fail('EIO')
              kill()
            }
            return around(fault, () => file.write(bytes, offset, length))
          },
          sync: () => around(plan.next('sync'), () => file.sync()),
          close: () => file.close(),
        }
      }),
    syncDirectory: (path) => around(plan.next('sync folder'), () => base.syncDirectory(path)),
    mkdir: (path) => around(plan.next('mkdir'), () => base.mkdir(path)),
    link: (existing, path) => around(plan.next('link'), () => base.link(existing, path)),
    rename: (from, to) => around(plan.next('rename'), () => base.rename(from, to)),
    unlink: (path) => around(plan.next('unlink'), () => base.unlink(path)),
  }
}

/** The write-ahead log's files, with the plan's fault in them. */
export function faultyLogFiles(plan: FaultPlan): LogFileSystem {
  const base = nodeFileSystem
  const at = <T>(name: string, action: () => T): T => {
    const fault = plan.next(`wal ${name}`)
    if (fault === 'ENOSPC' || fault === 'EIO' || fault === 'EMFILE') fail(fault)
    if (fault === 'torn') fail('EIO')
    if (fault === 'kill-before') kill()
    try {
      return action()
    } finally {
      if (fault === 'kill-after' || fault === 'kill-during') kill()
    }
  }
  return {
    ...base,
    openSync: (path, flags) => (flags === 'r' ? base.openSync(path, flags) : at('open', () => base.openSync(path, flags))),
    writeSync: (fd, buffer, offset, length, position) => {
      const fault = plan.next('wal write')
      const part = Math.max(1, length >> 1)
      if (fault === 'short') return base.writeSync(fd, buffer, offset, part, position)
      if (fault === 'torn' || fault === 'kill-during') {
        base.writeSync(fd, buffer, offset, part, position)
        if (fault === 'torn') fail('EIO')
        kill()
      }
      if (fault === 'ENOSPC' || fault === 'EIO' || fault === 'EMFILE') fail(fault)
      if (fault === 'kill-before') kill()
      const written = base.writeSync(fd, buffer, offset, length, position)
      if (fault === 'kill-after') kill()
      return written
    },
    fdatasyncSync: (fd) => at('sync', () => base.fdatasyncSync(fd)),
    fsyncSync: (fd) => at('sync', () => base.fsyncSync(fd)),
    linkSync: (from, to) => at('link', () => base.linkSync(from, to)),
    renameSync: (from, to) => at('rename', () => base.renameSync(from, to)),
  }
}
