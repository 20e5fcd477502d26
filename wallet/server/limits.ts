import { isIPv6 } from 'node:net';

/** Counts failures by where they come from. */
export interface FailureCount {
  isOver(source: string, nowMs: number): boolean;
  add(source: string, nowMs: number): void;
}

/** Lets each source through at a steady rate, and a burst at once. */
export interface RateLimit {
  /** Undefined where it may pass; else the seconds after which it may. */
  take(source: string, nowMs: number): number | undefined;
}

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const MAX_SOURCES = 10_000;

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
      failures.delete(source);
      forgetOldest(failures);
      failures.set(source, { count: 1, untilMs: nowMs + windowMs });
    },
  };
}

/** A bucket for each source, filled steadily. The sources that were silent longest are forgotten first. */
export function openRateLimit({ perSecond, burst }: Rate): RateLimit {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take(source, nowMs) {
      const known = buckets.get(source);
      const refill = known === undefined ? burst : (Math.max(0, nowMs - known.atMs) * perSecond) / 1_000;
      const left = Math.min(burst, (known?.left ?? 0) + refill);
      buckets.delete(source);
      forgetOldest(buckets);
      buckets.set(source, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
      return left >= 1 ? undefined : Math.ceil((1 - left) / perSecond);
    },
  };
}

/** What one household or shop has: an IPv4 address, or the first half of an IPv6 one. */
export function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...rest].slice(0, 4).join(':');
}

function forgetOldest(sources: Map<string, unknown>): void {
  if (sources.size < MAX_SOURCES) return;
  const [oldest] = sources.keys();
  if (oldest !== undefined) sources.delete(oldest);
}
