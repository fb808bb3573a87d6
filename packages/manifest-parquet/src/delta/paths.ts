/** Hive's folder for one partition value; everything but letters, digits, `.`, `_` and `-` is percent-encoded. */
export function partitionFolder(column: string, value: string): string {
  return `${escapeName(column)}=${value === '' ? '__HIVE_DEFAULT_PARTITION__' : escapeName(value)}`
}

function escapeName(name: string): string {
  let escaped = ''
  for (const byte of new TextEncoder().encode(name)) {
    const plain =
      (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 46 || byte === 95
    escaped += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  // A folder called `.` or `..` would leave the table.
  return /^\.+$/.test(escaped) ? escaped.replaceAll('.', '%2E') : escaped
}

/** A relative path as the log writes it: each part URL-encoded. */
export function encodePath(path: string): string {
  return path
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%3D', '='))
    .join('/')
}

/** The file name behind a path of the log; a path that is no URL encoding stands for itself. */
export function decodePath(path: string): string {
  let decoded = path
  try {
    decoded = decodeURIComponent(path)
  } catch {
    decoded = path
  }
  return decoded.replace(/^file:\/*(?=\/)/, '')
}

const entryName = /^(\d{20})\.json$/
const checkpointName = /^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet$/

/** File name of a log entry. */
export function logEntryName(version: number): string {
  return `${String(version).padStart(20, '0')}.json`
}

export function checkpointFileName(version: number): string {
  return `${String(version).padStart(20, '0')}.checkpoint.parquet`
}

/** Version of a log entry's file name, `undefined` for any other file. */
export function entryVersion(name: string): number | undefined {
  const match = entryName.exec(name)
  return match ? Number(match[1]) : undefined
}

/** Version and part of a checkpoint's file name. */
export function checkpointPart(name: string): { version: number; part: number; parts: number } | undefined {
  const match = checkpointName.exec(name)
  return match ? { version: Number(match[1]), part: Number(match[2] ?? 1), parts: Number(match[3] ?? 1) } : undefined
}
