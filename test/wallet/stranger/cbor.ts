/** As much of CBOR, RFC 8949, as the customer's code is made of, in the deterministic form of its §4.2.1. */
export type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<number, Cbor>;

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

export function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value);
  if (typeof value === 'string') return Buffer.concat([head(TEXT, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(BYTES, value.length), value]);
  if (value instanceof Map) {
    const map = value as ReadonlyMap<number, Cbor>;
    const entries = [...map].map(([key, child]): readonly [Buffer, Buffer] => [encodeCbor(key), encodeCbor(child)]);
    const sorted = entries.toSorted(([one], [other]) => Buffer.compare(one, other));
    return Buffer.concat([head(MAP, map.size), ...sorted.flat()]);
  }
  const items = value as readonly Cbor[];
  return Buffer.concat([head(ARRAY, items.length), ...items.map(encodeCbor)]);
}

/** Reads one value and nothing behind it. */
export function decodeCbor(bytes: Buffer): Cbor {
  const { value, next } = readAt(bytes, 0);
  if (next !== bytes.length) throw new Error('something stands behind the CBOR value');
  return value;
}

/** Initial byte and argument, §3: in the shortest form. */
function head(major: number, argument: number): Buffer {
  const type = major << 5;
  if (argument < 24) return Buffer.from([type | argument]);
  if (argument < 0x100) return Buffer.from([type | 24, argument]);
  const wide = Buffer.alloc(argument < 0x1_0000 ? 3 : argument < 0x1_0000_0000 ? 5 : 9);
  wide[0] = type | (24 + Math.log2(wide.length - 1));
  if (wide.length === 9) wide.writeBigUInt64BE(BigInt(argument), 1);
  else wide.writeUIntBE(argument, 1, wide.length - 1);
  return wide;
}

function readAt(bytes: Buffer, at: number): { readonly value: Cbor; readonly next: number } {
  const initial = bytes.readUInt8(at);
  const [major, short] = [initial >> 5, initial & 31];
  const width = short < 24 ? 0 : 2 ** (short - 24);
  if (short > 27) throw new Error('no such length in deterministic CBOR');
  const argument =
    width === 0 ? short : width === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, width);
  let next = at + 1 + width;
  const read = (): Cbor => {
    const item = readAt(bytes, next);
    ({ next } = item);
    return item.value;
  };
  const cut = (): Buffer => {
    const end = next + argument;
    if (end > bytes.length) throw new Error('the CBOR is cut off');
    const part = bytes.subarray(next, end);
    next = end;
    return part;
  };
  const value = ((): Cbor => {
    switch (major) {
      case UNSIGNED:
        return argument;
      case NEGATIVE:
        return -1 - argument;
      case BYTES:
        return cut();
      case TEXT:
        return cut().toString();
      case ARRAY:
        return Array.from({ length: argument }, read);
      case MAP:
        return new Map(Array.from({ length: argument }, () => [Number(read()), read()] as const));
      default:
        throw new Error(`no CBOR of major type ${major} is in a customer's code`);
    }
  })();
  return { value, next };
}
