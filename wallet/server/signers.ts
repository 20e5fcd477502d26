import type { Registry, Signer } from './store/registry.ts';
import type { SignerChanges } from './store/signer-changes.ts';

/** Who signs with a key, as the books say now. */
export interface Signers {
  find(keyId: string): Promise<Signer | undefined>;
  /** This process changed who may sign. */
  forget(): void;
}

const MAX_KNOWN = 20_000;

/**
 * Asked with every request, so what was found is kept, for as long as it is sure that nobody has changed it since: not
 * this process, and no other one. Who is not known is asked about each time.
 */
export function openSigners(registry: Pick<Registry, 'findSigner'>, changes: SignerChanges): Signers {
  const known = new Map<string, Signer>();
  let epoch: number | undefined;
  let forgotten = 0;

  return {
    async find(keyId) {
      const now = changes.epoch();
      if (now === undefined || now !== epoch) known.clear();
      epoch = now;
      const kept = known.get(keyId);
      if (kept !== undefined) return kept;
      const before = forgotten;
      const found = await registry.findSigner(keyId);
      const isCurrent = before === forgotten && now !== undefined && now === changes.epoch() && now === epoch;
      if (found !== undefined && isCurrent) {
        if (known.size >= MAX_KNOWN) known.clear();
        known.set(keyId, found);
      }
      return found;
    },
    forget() {
      forgotten += 1;
      known.clear();
    },
  };
}
