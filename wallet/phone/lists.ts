import type { GroupPaymentView, PersonBalance } from '#contract/group.ts';
import type { HistoryEntry, RouteResponse } from '#contract/wallet.ts';
import type { Ask } from './client.ts';
import type { Storage } from './storage.ts';

/** The lists that screens show: each with the last answer, kept for when the network is gone. */
interface ListValues {
  readonly history: Paged<HistoryEntry>;
  readonly groups: Paged<GroupPaymentView>;
  readonly people: readonly PersonBalance[];
  readonly checks: RouteResponse<'listWalletChecks'>;
  readonly phones: RouteResponse<'listPhones'>['devices'];
  readonly operators: RouteResponse<'listOperators'>['operators'];
}
export type ListName = keyof ListValues;

/** As far as it was read. */
interface Paged<Row> {
  readonly rows: readonly Row[];
  readonly nextCursor: string | undefined;
}

export interface Listed<Value> {
  readonly state: 'loading' | 'ready' | 'failed';
  /** Stays while it is asked for again, and when that fails. */
  readonly value: Value | undefined;
  /** By this phone's clock. */
  readonly asOfMs: number | undefined;
}
export type AllLists = { readonly [Name in ListName]: Listed<ListValues[Name]> };

export interface Lists {
  all(): AllLists;
  load(name: ListName): Promise<void>;
  /** The next page of a list that has one. */
  more(name: 'history' | 'groups'): Promise<void>;
  /** Loads on each refresh as long as somebody looks. Gives the way to stop. */
  watch(name: ListName): () => void;
  watched(): readonly ListName[];
}

export interface ListsOptions {
  readonly keyId: string;
  readonly storage: Storage;
  readonly ask: Ask;
  readonly onChange: () => void;
}

const PAGE = '30';
const unread = { state: 'loading', value: undefined, asOfMs: undefined } as const;

export function openLists({ keyId, storage, ask, onChange }: ListsOptions): Lists {
  let all: AllLists = {
    history: unread,
    groups: unread,
    people: unread,
    checks: unread,
    phones: unread,
    operators: unread,
  };
  const watchers = new Map<ListName, number>();
  const reading = new Set<string>();

  function change<Name extends ListName>(name: Name, next: Partial<Listed<ListValues[Name]>>): void {
    all = { ...all, [name]: { ...all[name], ...next } };
    onChange();
  }

  const loaders: { readonly [Name in ListName]: () => Promise<ListValues[Name] | undefined> } = {
    history: async () => {
      const answer = await ask('listHistory', {}, undefined, { query: { limit: PAGE } });
      if (!answer?.ok) return undefined;
      const { entries, nextCursor } = answer.value;
      return merge({ rows: entries, nextCursor }, all.history.value, ({ entryId }) => entryId);
    },
    groups: async () => {
      const answer = await ask('listGroupPayments', {}, undefined, { query: { limit: PAGE } });
      if (!answer?.ok) return undefined;
      const { groupPayments, nextCursor } = answer.value;
      return merge({ rows: groupPayments, nextCursor }, all.groups.value, ({ groupPaymentId }) => groupPaymentId);
    },
    people: async () => valueOf(await ask('listBalances', {}))?.people,
    checks: async () => valueOf(await ask('listWalletChecks', {})),
    phones: async () => valueOf(await ask('listPhones', {}))?.devices,
    operators: async () => valueOf(await ask('listOperators', {}))?.operators,
  };

  async function load<Name extends ListName>(name: Name): Promise<void> {
    if (reading.has(name)) return;
    reading.add(name);
    try {
      if (all[name].value === undefined) await recall(name);
      const value = await loaders[name]();
      if (value === undefined) return change(name, { state: 'failed' });
      const asOfMs = Date.now();
      change(name, { state: 'ready', value, asOfMs });
      await storage.putAnswer({ question: `${keyId} ${name}`, value, asOfMs });
    } finally {
      reading.delete(name);
    }
  }

  /** What this page kept of an earlier answer, so that there is something to see at once. */
  async function recall<Name extends ListName>(name: Name): Promise<void> {
    const kept = await storage.findAnswer(`${keyId} ${name}`);
    if (kept === undefined || all[name].value !== undefined) return;
    change(name, { value: kept.value as ListValues[Name], asOfMs: kept.asOfMs });
  }

  async function more(name: 'history' | 'groups'): Promise<void> {
    const cursor = all[name].value?.nextCursor;
    if (cursor === undefined || reading.has(`more ${name}`)) return;
    reading.add(`more ${name}`);
    try {
      const query = { cursor, limit: PAGE };
      if (name === 'history') {
        const answer = valueOf(await ask('listHistory', {}, undefined, { query }));
        const before = all.history.value;
        if (answer === undefined || before?.nextCursor !== cursor) return;
        const rows = distinct([...before.rows, ...answer.entries], ({ entryId }) => entryId);
        return change('history', { value: { rows, nextCursor: answer.nextCursor } });
      }
      const answer = valueOf(await ask('listGroupPayments', {}, undefined, { query }));
      const before = all.groups.value;
      if (answer === undefined || before?.nextCursor !== cursor) return;
      const rows = distinct([...before.rows, ...answer.groupPayments], ({ groupPaymentId }) => groupPaymentId);
      change('groups', { value: { rows, nextCursor: answer.nextCursor } });
    } finally {
      reading.delete(`more ${name}`);
    }
  }

  return {
    all: () => all,
    load,
    more,
    watch: (name) => {
      watchers.set(name, (watchers.get(name) ?? 0) + 1);
      void load(name);
      return () => void watchers.set(name, (watchers.get(name) ?? 1) - 1);
    },
    watched: () => [...watchers].filter(([, count]) => count > 0).map(([name]) => name),
  };
}

/** A fresh first page before what was read further on, where the two meet; else the first page alone. */
function merge<Row>(first: Paged<Row>, before: Paged<Row> | undefined, idOf: (row: Row) => string): Paged<Row> {
  const known = new Set(before?.rows.map(idOf));
  if (before === undefined || !first.rows.some((row) => known.has(idOf(row)))) return first;
  const fresh = new Set(first.rows.map(idOf));
  const rest = before.rows.filter((row) => !fresh.has(idOf(row)));
  return rest.length === 0 ? first : { rows: [...first.rows, ...rest], nextCursor: before.nextCursor };
}

function distinct<Row>(rows: readonly Row[], idOf: (row: Row) => string): readonly Row[] {
  return [...new Map(rows.map((row) => [idOf(row), row])).values()];
}

function valueOf<Value>(answer: { readonly ok: true; readonly value: Value } | { readonly ok: false } | undefined) {
  return answer?.ok === true ? answer.value : undefined;
}
