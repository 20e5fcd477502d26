/** Stands in for `node:assert` in the page (vite.phone.config.ts): `contract/` asserts what only a bug can break. */
export default function assert(condition: unknown, message = 'an assertion failed'): asserts condition {
  if (!condition) throw new Error(message);
}
