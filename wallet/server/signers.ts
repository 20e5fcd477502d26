import type { Registry, Signer } from './store/registry.ts';

/** Who signs with a key, as the books say now. */
export interface Signers {
  find(keyId: string): Promise<Signer | undefined>;
}

export function openSigners(registry: Pick<Registry, 'findSigner'>): Signers {
  return { find: (keyId) => registry.findSigner(keyId) };
}
