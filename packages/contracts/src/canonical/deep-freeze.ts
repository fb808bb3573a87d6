/** Freezes plain data all the way down: what was verified cannot be changed by who it is handed to. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    // A golden vector has tens of thousands of numbers: entries that are no objects are not visited.
    for (const member of Object.values(value)) if (typeof member === 'object') deepFreeze(member)
  }
  return value
}
