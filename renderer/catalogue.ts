import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import type { Connection } from './connection.ts';
import type { TerminalClient } from './terminal-client.ts';
import { useLive, useTill } from './till.tsx';

/** What the shelves read. The catalogue seldom changes and says so: nothing here goes stale by itself. */

/** Tiles of one request; the contract allows 200. */
export const pageSize = 120;
/** A list that a person can still look through; more means a longer word. */
const resultsMax = 30;

/** A page of tiles is kept this long after it scrolled away, so that memory stays flat with 100,000 products. */
const KEPT_MS = 60_000;

export function pageQuery(connection: Connection, categoryId: string | undefined, page: number) {
  return queryOptions({
    queryKey: ['catalogue', 'page', categoryId ?? null, page],
    queryFn: async () =>
      clientOf(connection).catalogue.page({
        ...(categoryId === undefined ? {} : { categoryId }),
        offset: page * pageSize,
        limit: pageSize,
      }),
    ...forGood,
  });
}

export function useOutline() {
  const { connection } = useTill();
  const enabled = useIsOpen();
  return useQuery({
    queryKey: ['catalogue', 'outline'],
    queryFn: async () => clientOf(connection).catalogue.outline(),
    enabled,
    ...forGood,
    gcTime: Infinity,
  });
}

/** The last answer stays while the next one is on its way: a list that flickers cannot be read. */
export function useSearch(text: string) {
  const { connection } = useTill();
  const enabled = useIsOpen();
  return useQuery({
    queryKey: ['catalogue', 'search', text],
    queryFn: async () => ({ text, ...(await clientOf(connection).catalogue.search({ text, limit: resultsMax })) }),
    enabled: enabled && text !== '',
    placeholderData: keepPreviousData,
    ...forGood,
  });
}

export function useIsOpen(): boolean {
  return useLive(({ link }) => link.state === 'open');
}

export function clientOf(connection: Connection): TerminalClient {
  const client = connection.client();
  if (!client) throw new Error('the line to the terminal is down');
  return client;
}

const forGood = { staleTime: Infinity, gcTime: KEPT_MS, retry: false, structuralSharing: false } as const;
