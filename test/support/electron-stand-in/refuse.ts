import { EventEmitter } from 'node:events';
import { report } from './report.ts';

/** Names that engines, promises and loggers probe on any object: asking for them is no call of an Electron API. */
const PROBED: ReadonlySet<string> = new Set(['then', 'toJSON', '$$typeof', 'asymmetricMatch', 'nodeType', 'inspect']);

/** Thrown wherever the product asks Electron for something that this stand-in does not model. */
class NotModelled extends Error {
  override readonly name = 'NotModelled';
}

/** Says which API is not modelled: to the driver, which fails the test even if the product catches, and by throwing. */
export function refuse(api: string): never {
  report({ type: 'refused', api });
  throw new NotModelled(`The Electron stand-in does not model ${api}.`);
}

/** `target`, with every property that it does not have refused under the API's name, for reading and for writing. */
export function guard<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key, receiver): unknown {
      if (typeof key === 'symbol' || key in object || PROBED.has(key)) return Reflect.get(object, key, receiver);
      return refuse(`${name}.${key}`);
    },
    set(object, key, value, receiver) {
      if (typeof key === 'symbol' || key in object) return Reflect.set(object, key, value, receiver);
      return refuse(`${name}.${key} (assignment)`);
    },
  });
}

/** The named properties of `options` that `known` does not list are refused: an option without effect is a lie. */
export function refuseUnknownKeys(api: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) if (!known.includes(key)) refuse(`${api}.${key}`);
}

/**
 * Base of every modelled Electron object. The constructor returns a guard around `this`, so that private fields of
 * the subclasses are installed on the guard itself and methods work when called through it. Listening to an event
 * that the class does not list is refused: such a listener would wait for ever.
 */
export class Modelled extends EventEmitter {
  constructor(name: string, events: readonly string[]) {
    super();
    const known = new Set(events);
    this.on('newListener', (event: string | symbol) => {
      if (typeof event === 'string' && !known.has(event)) refuse(`${name}.on('${event}')`);
    });
    return guard(name, this);
  }
}

/** An Electron event object: `preventDefault()` decides, further properties as documented for the event. */
export interface PreventableEvent {
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

export function makeEvent<T extends object>(name: string, properties: T): T & PreventableEvent {
  let isPrevented = false;
  const event = Object.defineProperties({}, Object.getOwnPropertyDescriptors(properties)) as T & PreventableEvent;
  Object.defineProperty(event, 'defaultPrevented', { get: () => isPrevented, enumerable: true });
  event.preventDefault = () => {
    isPrevented = true;
  };
  return guard(`${name} event`, event);
}
