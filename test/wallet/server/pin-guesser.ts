// A second server over the same books, as far as PINs go: guesses a wallet's PIN thirty times at once.
// node pin-guesser.ts FOLDER WALLET NOW_MS
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openKeys } from '#wallet/server/keys.ts';
import { openPins } from '#wallet/server/pin.ts';
import { openSqliteBooks } from '#wallet/server/store/books.ts';
import { openDatabase } from '#wallet/server/store/database.ts';

const [folder = '', walletId = '', nowMs] = process.argv.slice(2);
const clock = { nowMs: () => Number(nowMs) };
const books = openSqliteBooks(openDatabase(join(folder, 'wallet.sqlite')));
const pins = openPins({
  books,
  keys: openKeys(join(folder, 'keys.json'), clock),
  clock,
  random: (bytes) => randomBytes(bytes),
});
const counts: Record<string, number> = {};
for (const refusal of await Promise.all(Array.from({ length: 30 }, () => pins.check(walletId, '0001')))) {
  const code = refusal?.code ?? 'ok';
  counts[code] = (counts[code] ?? 0) + 1;
}
process.stdout.write(JSON.stringify(counts));
await books.close();
