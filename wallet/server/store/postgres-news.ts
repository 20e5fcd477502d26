import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/**
 * Tells other servers over the same database that something was committed, so that their event streams look at once.
 *
 * Never inside the commit that it tells of: PostgreSQL lets only one transaction with a notification commit at a time,
 * which would make every server wait for the other's disk. What is lost here is found by the streams' own polling.
 */
export interface News {
  /** This server has committed something. Many at once are told as one. */
  tell(): void;
  /** Calls back for what other servers tell, and after every gap in which something may have been missed. */
  listen(onNews: () => void): void;
  close(): Promise<void>;
}

const CHANNEL = 'warikan_news';
/** However much is committed, others are told so often at most. */
const REST_MS = 20;
const RECONNECT_MS = 1_000;

/** @param name of this server, so that it does not hear itself */
export function openNews(pool: pg.Pool, connect: pg.ClientConfig, name: string): News {
  let hasNews = false;
  let isTelling = false;
  let isClosed = false;
  let listening: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function tellAll(): Promise<void> {
    isTelling = true;
    while (hasNews && !isClosed) {
      hasNews = false;
      // Whoever does not hear it finds it by polling.
      await pool
        .query({ name: 'tell_news', text: 'select pg_notify($1, $2)', values: [CHANNEL, name] })
        .catch(() => {});
      await pause(REST_MS, undefined, { ref: false });
    }
    isTelling = false;
  }

  async function subscribe(onNews: () => void): Promise<void> {
    const client = new pg.Client(connect);
    listening = client;
    const again = (): void => {
      if (listening !== client) return;
      listening = undefined;
      if (!isClosed) retry = setTimeout(() => void subscribe(onNews), RECONNECT_MS).unref();
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ payload }) => {
      if (payload !== name) onNews();
    });
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      onNews();
    } catch {
      again();
    }
  }

  return {
    tell: () => {
      hasNews = true;
      if (!isTelling) void tellAll();
    },
    listen: (onNews) => void subscribe(onNews),
    close: async () => {
      isClosed = true;
      clearTimeout(retry);
      const client = listening;
      listening = undefined;
      await client?.end().catch(() => {});
    },
  };
}
