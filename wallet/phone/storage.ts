import type { RouteResponse } from '#contract/wallet.ts';
import type { Vault } from './vault.ts';

/**
 * What a phone keeps, in IndexedDB: a wallet for each time it was bound, the money actions whose outcome is not known
 * yet, and the last answers of the server for when the network is gone. The private key is there as an object that
 * WebCrypto will sign with and never give away, not even to this page.
 */
export interface BoundWallet {
  /** The `keyid` of its requests, given by the server. */
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  readonly boundAtMs: number;
  /** Credentials under the PIN, for showing a code without the network. */
  readonly vault?: Vault;
  /** The last code's. The next one is higher, whatever happens to this page. */
  readonly counter: number;
  /** How far the server's clock is ahead of this phone's. */
  readonly aheadMs: number;
  /** The last that was heard of the wallet, and when by this phone's clock. */
  readonly view?: RouteResponse<'getWallet'>;
  readonly viewAsOfMs?: number;
}

/** A money action that was sent, or is about to be: its id is its idempotency key, so it is stored first. */
export type Task = {
  readonly taskId: string;
  readonly keyId: string;
  readonly amount: { readonly amount: number; readonly currency: string };
  readonly madeAtMs: number;
  /** When it was last sent, by this phone's clock. */
  readonly sentAtMs: number;
} & (
  | { readonly type: 'reload'; readonly methodId: string }
  | { readonly type: 'repayment'; readonly allotmentId: string; readonly groupPaymentId: string }
);

/** A key that was sent with a binding code, until the answer is there: a lost answer is asked for with the same key. */
interface PendingBinding {
  readonly code: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: Uint8Array;
}

/** The last answer to one question about one wallet. */
interface KeptAnswer {
  /** keyId and name of the question. */
  readonly question: string;
  readonly value: unknown;
  readonly asOfMs: number;
}

export interface Storage {
  find(keyId: string): Promise<BoundWallet | undefined>;
  /** The one that was bound last. */
  latest(): Promise<BoundWallet | undefined>;
  put(wallet: BoundWallet): Promise<void>;
  /** Changes a wallet in one transaction, so that two tabs never hand out the same counter. */
  change(keyId: string, change: (wallet: BoundWallet) => BoundWallet): Promise<BoundWallet | undefined>;
  /** The wallet, its money actions and its answers. */
  forget(keyId: string): Promise<void>;
  findPending(code: string): Promise<PendingBinding | undefined>;
  putPending(pending: PendingBinding): Promise<void>;
  forgetPending(code: string): Promise<void>;
  tasksOf(keyId: string): Promise<readonly Task[]>;
  putTask(task: Task): Promise<void>;
  forgetTask(taskId: string): Promise<void>;
  findAnswer(question: string): Promise<KeptAnswer | undefined>;
  putAnswer(answer: KeptAnswer): Promise<void>;
}

const NAME = 'warikan-phone';
const VERSION = 2;

export async function openStorage(factory: IDBFactory): Promise<Storage> {
  const opening = factory.open(NAME, VERSION);
  opening.onupgradeneeded = ({ oldVersion }) => {
    // The first version kept its credential in the clear. Such a wallet is bound again.
    for (const name of oldVersion === 1 ? ['wallet', 'pending'] : []) opening.result.deleteObjectStore(name);
    opening.result.createObjectStore('wallet', { keyPath: 'keyId' }).createIndex('boundAtMs', 'boundAtMs');
    opening.result.createObjectStore('pending', { keyPath: 'code' });
    opening.result.createObjectStore('task', { keyPath: 'taskId' }).createIndex('keyId', 'keyId');
    opening.result.createObjectStore('answer', { keyPath: 'question' });
  };
  const database = await done(opening);
  // Another tab with a newer page waits for this one to let go.
  database.onversionchange = () => database.close();
  const read = (name: string): IDBObjectStore => database.transaction(name, 'readonly').objectStore(name);

  async function write(name: string, act: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = database.transaction(name, 'readwrite', { durability: 'strict' });
    act(transaction.objectStore(name));
    await finished(transaction);
  }

  return {
    find: async (keyId) => get<BoundWallet>(read('wallet'), keyId),
    latest: async () => {
      const cursor = await done(read('wallet').index('boundAtMs').openCursor(null, 'prev'));
      return cursor?.value as BoundWallet | undefined;
    },
    put: (wallet) => write('wallet', (store) => store.put(wallet)),
    change: async (keyId, change) => {
      const transaction = database.transaction('wallet', 'readwrite', { durability: 'strict' });
      const store = transaction.objectStore('wallet');
      const wallet = await get<BoundWallet>(store, keyId);
      if (wallet === undefined) return undefined;
      const changed = change(wallet);
      store.put(changed);
      await finished(transaction);
      return changed;
    },
    forget: async (keyId) => {
      await write('wallet', (store) => store.delete(keyId));
      await write('answer', (store) => store.delete(IDBKeyRange.bound(`${keyId} `, `${keyId} \uffff`)));
      const tasks = (await done<unknown[]>(read('task').index('keyId').getAll(keyId))) as Task[];
      await write('task', (store) => {
        for (const { taskId } of tasks) store.delete(taskId);
      });
    },
    findPending: async (code) => get<PendingBinding>(read('pending'), code),
    putPending: (pending) => write('pending', (store) => store.put(pending)),
    forgetPending: (code) => write('pending', (store) => store.delete(code)),
    tasksOf: async (keyId) => (await done<unknown[]>(read('task').index('keyId').getAll(keyId))) as Task[],
    putTask: (task) => write('task', (store) => store.put(task)),
    forgetTask: (taskId) => write('task', (store) => store.delete(taskId)),
    findAnswer: async (question) => get<KeptAnswer>(read('answer'), question),
    putAnswer: (answer) => write('answer', (store) => store.put(answer)),
  };
}

/** What this page itself put there. */
async function get<Row>(store: IDBObjectStore, key: string): Promise<Row | undefined> {
  return (await done<unknown>(store.get(key))) as Row | undefined;
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the phone’s storage failed'));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the phone’s storage failed'));
  });
}
