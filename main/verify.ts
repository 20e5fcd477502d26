import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabaseForReading } from './terminal/store/database.ts';
import { type Verification, verifyTerminal } from './terminal/verify.ts';
import { defaultDataFolder } from './config.ts';

/** `npm run verify -- --data DIR`: is the journal whole, and do the tables say what it says? Exit 1 where not. */
const failed = 1;
const misused = 2;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const folder = folderOf(args);
  if (folder === undefined) {
    console.error('Usage: npm run verify -- --data DIR');
    return misused;
  }
  const path = join(folder, 'terminal.sqlite');
  if (!existsSync(path)) {
    console.error(`There is no terminal's database at ${path}.`);
    return failed;
  }
  try {
    const database = openDatabaseForReading(path);
    try {
      return report(verifyTerminal(database));
    } finally {
      database.close();
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return failed;
  }
}

function report({ entries, tables, rows, sales, findings, notDerived }: Verification): number {
  console.log(`journal   ${entries} entries, chain checked`);
  console.log(`tables    ${tables} tables and their ${rows} rows compared with a replay of the journal`);
  console.log(`sales     ${sales} checked: numbers, sums, tenders`);
  for (const [table, reason] of Object.entries(notDerived)) console.log(`apart     ${table}: ${reason}`);
  for (const { where, problem } of findings) console.log(`FOUND     ${where}: ${problem}`);
  console.log(
    findings.length === 0 ? 'Everything agrees.' : `${findings.length} findings: this file is not as it was written.`,
  );
  return findings.length === 0 ? 0 : failed;
}

function folderOf(args: readonly string[]): string | undefined {
  try {
    return parseArgs({ args: [...args], options: { data: { type: 'string' } } }).values.data ?? defaultDataFolder();
  } catch {
    return undefined;
  }
}
