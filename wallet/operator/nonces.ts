/** Nonces of signed requests, remembered for as long as their signatures are accepted. */
export interface NonceMemory {
  /** False for a nonce that was used before; undefined when no more can be remembered. */
  use(nonce: string, nowMs: number): boolean | undefined;
}

const MAX_NONCES = 100_000;

export function openNonceMemory(windowMs: number): NonceMemory {
  // Two halves, so that forgetting is one assignment: a nonce lives for at least one window and for at most two.
  let recent = new Set<string>();
  let older = new Set<string>();
  let turnsAtMs = 0;
  return {
    use(nonce, nowMs) {
      if (nowMs >= turnsAtMs) {
        older = nowMs >= turnsAtMs + windowMs ? new Set() : recent;
        recent = new Set();
        turnsAtMs = nowMs + windowMs;
      }
      if (recent.has(nonce) || older.has(nonce)) return false;
      if (recent.size >= MAX_NONCES) return undefined;
      recent.add(nonce);
      return true;
    },
  };
}
