/**
 * The structured clone algorithm as text (HTML, "Safe passing of structured data"), because what a port carries has
 * to pass through the DevTools protocol, which carries JSON only. Both ends run this same function: Node imports it,
 * the page's isolated world gets its source. So it must stand alone: no imports, no types that leave code behind.
 *
 * Modelled: primitives, boxed primitives, Date, RegExp, ArrayBuffer, views, Map, Set, errors, arrays with holes, plain
 * objects, cycles and shared references. Functions, symbols, weak collections, promises and platform objects throw a
 * DataCloneError, as they do in Electron.
 */
export interface Codec {
  encode(value: unknown): string;
  decode(text: string): unknown;
}

type Cell = string | number | boolean | null | readonly unknown[];

export function makeCodec(): Codec {
  const viewNames = [
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'Float16Array',
    'Float32Array',
    'Float64Array',
    'BigInt64Array',
    'BigUint64Array',
    'DataView',
  ];
  const errorNames = ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];

  return { encode, decode };

  function fail(value: unknown): never {
    const name = typeof value === 'symbol' ? 'a symbol' : Object.prototype.toString.call(value);
    throw new DOMException(`${name} could not be cloned.`, 'DataCloneError');
  }

  function toBase64(bytes: Uint8Array): string {
    let binary = '';
    for (let at = 0; at < bytes.length; at += 8192) {
      binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    }
    return btoa(binary);
  }

  function fromBase64(text: string): ArrayBuffer {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
    return bytes.buffer;
  }

  function encode(root: unknown): string {
    const seen = new Map<object, number>();
    const heap: Cell[] = [];
    const entry = cellOf(root);
    return JSON.stringify([entry, heap]);

    function cellOf(value: unknown): Cell {
      switch (typeof value) {
        case 'string':
        case 'boolean':
          return value;
        case 'undefined':
          return ['undefined'];
        case 'number':
          return Number.isFinite(value) && !Object.is(value, -0)
            ? value
            : ['number', Object.is(value, -0) ? '-0' : String(value)];
        case 'bigint':
          return ['bigint', String(value)];
        case 'object':
          return value === null ? null : ['ref', place(value)];
        default:
          return fail(value);
      }
    }

    function place(value: object): number {
      const known = seen.get(value);
      if (known !== undefined) return known;
      const index = heap.length;
      seen.set(value, index);
      heap.push(null);
      heap[index] = body(value);
      return index;
    }

    function entriesOf(value: object): Cell[] {
      return Object.keys(value).map((key) => [key, cellOf((value as Record<string, unknown>)[key])]);
    }

    function body(value: object): Cell {
      if (ArrayBuffer.isView(value)) {
        const name = (value as Uint8Array | DataView)[Symbol.toStringTag];
        const length = name === 'DataView' ? value.byteLength : (value as Uint8Array).length;
        return ['view', name, place(value.buffer), value.byteOffset, length];
      }
      if (Array.isArray(value)) return ['array', value.length, entriesOf(value)];
      const tag = Object.prototype.toString.call(value).slice(8, -1);
      switch (tag) {
        case 'Object':
          return ['object', entriesOf(value)];
        case 'Map':
          return ['map', [...(value as Map<unknown, unknown>)].map(([key, held]) => [cellOf(key), cellOf(held)])];
        case 'Set':
          return ['set', [...(value as Set<unknown>)].map(cellOf)];
        case 'Date':
          return ['date', cellOf(Number(value))];
        case 'RegExp':
          return ['regexp', (value as RegExp).source, (value as RegExp).flags];
        case 'ArrayBuffer':
          return ['buffer', toBase64(new Uint8Array(value as ArrayBuffer))];
        case 'Boolean':
        case 'Number':
        case 'String':
        case 'BigInt':
          return ['boxed', cellOf(value.valueOf())];
        case 'Error': {
          const { name, message, stack, cause } = value as Error;
          const own = Object.hasOwn(value, 'cause') ? [cellOf(cause)] : [];
          return ['error', errorNames.includes(name) ? name : 'Error', String(message), cellOf(stack), ...own];
        }
        default:
          return fail(value);
      }
    }
  }

  function decode(text: string): unknown {
    const [entry, heap] = JSON.parse(text) as [Cell, readonly (readonly unknown[])[]];
    const made = new Map<number, unknown>();
    return valueOf(entry);

    function valueOf(cell: unknown): unknown {
      if (!Array.isArray(cell)) return cell;
      switch (cell[0]) {
        case 'undefined':
          return undefined;
        case 'number':
          return Number(cell[1]);
        case 'bigint':
          return BigInt(cell[1] as string);
        default:
          return restore(cell[1] as number);
      }
    }

    function restore(index: number): unknown {
      if (made.has(index)) return made.get(index);
      const [kind, ...rest] = heap[index] as readonly unknown[];
      const keep = <T>(value: T): T => {
        made.set(index, value);
        return value;
      };
      switch (kind) {
        case 'object':
          return fill(keep({}), rest[0]);
        case 'array':
          return fill(keep(Array.from<unknown>({ length: 0 })), rest[1], rest[0] as number);
        case 'map': {
          const map = keep(new Map<unknown, unknown>());
          for (const [key, held] of rest[0] as [Cell, Cell][]) map.set(valueOf(key), valueOf(held));
          return map;
        }
        case 'set': {
          const set = keep(new Set<unknown>());
          for (const held of rest[0] as Cell[]) set.add(valueOf(held));
          return set;
        }
        case 'date':
          return keep(new Date(valueOf(rest[0]) as number));
        case 'regexp':
          return keep(new RegExp(rest[0] as string, rest[1] as string));
        case 'buffer':
          return keep(fromBase64(rest[0] as string));
        case 'boxed':
          return keep(Object(valueOf(rest[0])));
        case 'view': {
          const [name, buffer, offset, length] = rest as [string, number, number, number];
          if (!viewNames.includes(name)) throw new DOMException(`${name} is no view.`, 'DataCloneError');
          const View = (globalThis as unknown as Record<string, new (...args: unknown[]) => object>)[name];
          if (View === undefined) throw new DOMException(`${name} is unknown here.`, 'DataCloneError');
          return keep(new View(restore(buffer), offset, length));
        }
        default: {
          const [name, message, stack, ...cause] = rest as [string, string, Cell, ...Cell[]];
          const Kind = (globalThis as unknown as Record<string, ErrorConstructor>)[name] ?? Error;
          const error = keep(new Kind(message));
          error.stack = valueOf(stack) as string;
          if (cause.length > 0) error.cause = valueOf(cause[0]);
          return error;
        }
      }
    }

    function fill(target: object, entries: unknown, length?: number): object {
      if (length !== undefined) (target as unknown[]).length = length;
      for (const [key, cell] of entries as [string, Cell][]) {
        Object.defineProperty(target, key, {
          value: valueOf(cell),
          writable: true,
          enumerable: true,
          configurable: true,
        });
      }
      return target;
    }
  }
}
