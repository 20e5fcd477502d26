/**
 * What a phone keeps, in IndexedDB: a wallet for each time it was bound. The private key is there as an object that
 * WebCrypto will sign with and never give away, not even to this page.
 */
export interface BoundWallet {
  /** The `keyid` of its requests, given by the server. */
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  readonly boundAtMs: number;
  readonly credential?: { readonly bytes: Uint8Array; readonly notAfterMs: number };
  /** The last code's. The next one is higher, whatever happens to this page. */
  readonly counter: number;
  /** How far the server's clock is ahead of this phone's. */
  readonly aheadMs: number;
  /** The last that was heard of the wallet, for when the network is gone. */
  readonly view?: WalletView;
}

export interface WalletView {
  readonly name: string;
  readonly balance: { readonly amount: number; readonly currency: string };
  readonly movements: readonly MovementView[];
  readonly asOfMs: number;
}

export interface MovementView {
  readonly at: string;
  readonly kind: 'settlement' | 'refund' | 'cancel' | 'reload';
  readonly amount: number;
  readonly currency: string;
  readonly store?: string | undefined;
}

/** A key that was sent with a binding code, until the answer is there: a lost answer is asked for with the same key. */
interface PendingBinding {
  readonly code: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: Uint8Array;
}

export interface Storage {
  find(keyId: string): Promise<BoundWallet | undefined>;
  /** The one that was bound last. */
  latest(): Promise<BoundWallet | undefined>;
  put(wallet: BoundWallet): Promise<void>;
  /** Changes a wallet in one transaction, so that two tabs never hand out the same counter. */
  change(keyId: string, change: (wallet: BoundWallet) => BoundWallet): Promise<BoundWallet | undefined>;
  forget(keyId: string): Promise<void>;
  findPending(code: string): Promise<PendingBinding | undefined>;
  putPending(pending: PendingBinding): Promise<void>;
  forgetPending(code: string): Promise<void>;
}

const NAME = 'warikan-phone';
const VERSION = 1;

export async function openStorage(factory: IDBFactory): Promise<Storage> {
  const opening = factory.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('wallet', { keyPath: 'keyId' }).createIndex('boundAtMs', 'boundAtMs');
    opening.result.createObjectStore('pending', { keyPath: 'code' });
  };
  const database = await done(opening);
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
    forget: (keyId) => write('wallet', (store) => store.delete(keyId)),
    findPending: async (code) => get<PendingBinding>(read('pending'), code),
    putPending: (pending) => write('pending', (store) => store.put(pending)),
    forgetPending: (code) => write('pending', (store) => store.delete(code)),
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
