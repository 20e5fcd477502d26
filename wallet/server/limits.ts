/** Nonces of signed requests, remembered for as long as their signatures are accepted. */
export interface NonceMemory {
  /** False for a nonce that was used before; undefined when no more can be remembered. */
  use(keyId: string, nonce: string, nowMs: number): boolean | undefined;
}

/** Counts failures by where they come from. */
export interface FailureCount {
  isOver(source: string, nowMs: number): boolean;
  add(source: string, nowMs: number): void;
}

const MAX_NONCES = 200_000;
const MAX_SOURCES = 10_000;

export function openNonceMemory(windowMs: number): NonceMemory {
  // Two halves, so that forgetting is one assignment: a nonce lives for at least one window and for at most two.
  let recent = new Set<string>();
  let older = new Set<string>();
  let turnsAtMs = 0;
  return {
    use(keyId, nonce, nowMs) {
      if (nowMs >= turnsAtMs) {
        older = nowMs >= turnsAtMs + windowMs ? new Set() : recent;
        recent = new Set();
        turnsAtMs = nowMs + windowMs;
      }
      const name = `${keyId} ${nonce}`;
      if (recent.has(name) || older.has(name)) return false;
      if (recent.size >= MAX_NONCES) return undefined;
      recent.add(name);
      return true;
    },
  };
}

export function openFailureCount(limit: number, windowMs: number): FailureCount {
  const failures = new Map<string, { count: number; untilMs: number }>();
  return {
    isOver(source, nowMs) {
      const seen = failures.get(source);
      return seen !== undefined && seen.untilMs > nowMs && seen.count >= limit;
    },
    add(source, nowMs) {
      const seen = failures.get(source);
      if (seen !== undefined && seen.untilMs > nowMs) {
        seen.count += 1;
        return;
      }
      if (failures.size >= MAX_SOURCES) failures.clear();
      failures.set(source, { count: 1, untilMs: nowMs + windowMs });
    },
  };
}
