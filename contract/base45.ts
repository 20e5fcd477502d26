/**
 * Base45, RFC 9285: bytes in the 45 characters of a QR code's alphanumeric mode, so that a code stays small.
 *
 * Two bytes become three characters (`c + d × 45 + e × 45²`, least significant first), a last single byte becomes two.
 * Decoding is strict: a character outside the alphabet, a length that no encoding has and a group above its range are
 * refused, so that every text has at most one meaning.
 */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const VALUES = new Map(Array.from(ALPHABET, (character, value) => [character, value] as const));

export function encodeBase45(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 2) {
    const first = bytes[index] ?? 0;
    const second = bytes[index + 1];
    const isPair = second !== undefined;
    let group = isPair ? first * 256 + second : first;
    for (let digit = 0; digit < (isPair ? 3 : 2); digit++) {
      text += ALPHABET.charAt(group % 45);
      group = Math.floor(group / 45);
    }
  }
  return text;
}

/** Undefined where the text is not the Base45 of any bytes. */
export function decodeBase45(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 0 ? 0 : 1));
  let written = 0;
  for (let index = 0; index < text.length; index += 3) {
    const isPair = index + 2 < text.length;
    // A lone last character finds no partner here: an empty string has no value.
    const low = VALUES.get(text.charAt(index));
    const middle = VALUES.get(text.charAt(index + 1));
    const high = isPair ? VALUES.get(text.charAt(index + 2)) : 0;
    if (low === undefined || middle === undefined || high === undefined) return undefined;
    const group = low + middle * 45 + high * 45 * 45;
    if (group > (isPair ? 0xffff : 0xff)) return undefined;
    if (isPair) bytes[written++] = group >> 8;
    bytes[written++] = group & 0xff;
  }
  return bytes;
}
