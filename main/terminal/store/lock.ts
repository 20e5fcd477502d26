import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';

/** Another terminal runs on this data folder. */
export class DataFolderInUse extends Error {
  constructor(folder: string) {
    super(
      `Another Warikan terminal is already running on ${folder}. ` +
        'Close it first, or start this one on its own folder with --data DIR.',
    );
    this.name = 'DataFolderInUse';
  }
}

/**
 * The one thing kept for the whole process: a connection that nobody holds is collected as garbage and closed, and the
 * folder would be free in the middle of the day.
 */
const held = new Set<Sqlite.Database>();

/**
 * Takes the data folder for this process. Held by a lock of the operating system on a small file, so it goes with
 * the process, however that ends; a second terminal gets `DataFolderInUse`.
 */
export function lockDataFolder(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const connection = new Sqlite(join(folder, 'terminal.lock'), { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new DataFolderInUse(folder);
    throw error;
  }
  held.add(connection);
  return {
    release: () => {
      held.delete(connection);
      connection.close();
    },
  };
}
