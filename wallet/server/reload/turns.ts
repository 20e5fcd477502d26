/** One after the other for each name, side by side for different ones. */
export interface Turns {
  take<Value>(name: string, work: () => Promise<Value>): Promise<Value>;
}

/**
 * Transactions of one wallet that meet in PostgreSQL undo one another and come again; in this server they queue up
 * instead. The database still judges between servers.
 */
export function openTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    async take(name, work) {
      const before = last.get(name);
      const turn = (before ?? Promise.resolve()).then(work, work);
      last.set(name, turn);
      try {
        return await turn;
      } finally {
        if (last.get(name) === turn) last.delete(name);
      }
    },
  };
}
