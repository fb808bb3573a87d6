import type { Computable } from './interfaces.js'

/**
 * A frozen copy of a model as it is now: every member of the object and its classes, accessors read once, plain data copied,
 * methods bound. What is exchanged on the model afterwards, or on its prototypes, does not reach the copy.
 *
 * Methods of a plain object see a private copy of it as `this`, which nobody else can reach; methods of a class instance see the
 * instance, since private fields cannot be copied. State in closures and buffers stays the model's own.
 */
export function captureModel<M extends Computable>(model: M): M {
  const members = membersOf(model)
  const isPlain = isPlainObject(model)
  const receiver: object = isPlain ? (Object.create(null) as object) : model
  // Without a prototype: an optional member that is absent now cannot appear later by way of Object.prototype.
  const captured = Object.create(null) as object
  for (const [name, value] of members) {
    const kept: unknown = typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(receiver) : frozenCopy(value)
    Object.defineProperty(captured, name, { value: kept, enumerable: true })
    if (isPlain) Object.defineProperty(receiver, name, { value: kept, enumerable: true, writable: true, configurable: true })
  }
  return Object.freeze(captured) as M
}

function membersOf(model: object): ReadonlyMap<PropertyKey, unknown> {
  const members = new Map<PropertyKey, unknown>()
  for (let at: object | null = model; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const name of Reflect.ownKeys(at))
      if (!members.has(name) && !(name === 'constructor' && at !== model)) members.set(name, Reflect.get(model, name))
  }
  return members
}

/** Data as data: arrays and plain objects are copied and frozen all the way down. Anything else, such as a typed array or a Map, is kept as it is. */
function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy))
  if (!isPlainObject(value)) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozenCopy(member)])))
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
