import { uuidV7 } from '#contract/ids.ts';

/** This phone's keys, ids and bytes. */

const ID_RANDOM_BYTES = 10;

/** A key pair whose private half can sign and cannot be taken out. */
export async function makeKey(): Promise<{ readonly privateKey: CryptoKey; readonly publicKey: Uint8Array }> {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  return {
    privateKey: pair.privateKey,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
  };
}

export async function signEd25519(privateKey: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, new Uint8Array(message)));
}

/** A UUIDv7 for a row that moves money: stored here before it is sent anywhere. */
export function newId(): string {
  return uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES)));
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
