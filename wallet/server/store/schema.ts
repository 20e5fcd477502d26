import type { Generated } from 'kysely';
import type { WalletEvent } from '#contract/wallet.ts';

/**
 * The tables of the books, the same in SQLite and in PostgreSQL, so that a query is written once.
 *
 * Ids are UUIDv7 in text form (type `uuid` in PostgreSQL). Instants are milliseconds since 1970, amounts are minor units
 * (`bigint` in PostgreSQL, read as numbers), flags are 0 or 1, documents are JSON in text, keys and hashes are bytes.
 */
export interface Schema {
  account: AccountTable;
  settlement: SettlementTable;
  transfer: TransferTable;
  refund: RefundTable;
  hold: HoldTable;
  group_payment: GroupPaymentTable;
  allotment: AllotmentTable;
  repayment: RepaymentTable;
  outbox: OutboxTable;
  movement: MovementView;
  store: StoreTable;
  terminal: TerminalTable;
  wallet: WalletTable;
  phone: PhoneTable;
  credential: CredentialTable;
  pairing_code: PairingCodeTable;
  admin_token: AdminTokenTable;
  deny_list: DenyListTable;
  operator: OperatorTable;
  reload_method: ReloadMethodTable;
  reload: ReloadTable;
  auto_reload: AutoReloadTable;
  check_state: CheckStateTable;
  table_code: TableCodeTable;
  check_in: CheckInTable;
  notice: NoticeTable;
  setting: SettingTable;
}

/** One balance. Stores have none: their balance is the sum of what was booked, so a busy one makes nobody wait. */
interface AccountTable {
  id: string;
  /** `wallet`, `store`, `operator` (the other side of reloads), `fees`, `receivable`, `issuer` (the demo's own money). */
  kind: 'wallet' | 'store' | 'operator' | 'fees' | 'receivable' | 'issuer';
  /** Of wallets only, as all that follows. */
  currency: string | null;
  balance: number | null;
  /** The part of the balance that the open hold reserves for offline settlements. */
  held: Generated<number>;
  /** What a chargeback could not take; the next reload pays it first. */
  owed: Generated<number>;
  /** Days and months since 1970 in the jurisdiction's time, and what was spent in them. */
  spent_day: Generated<number>;
  spent_in_day: Generated<number>;
  spent_month: Generated<number>;
  spent_in_month: Generated<number>;
}

/** One row for each settlement id, whatever became of it. An approved one is the transfer from wallet to store. */
interface SettlementTable {
  id: string;
  store_id: string;
  terminal_id: string;
  state: 'approved' | 'declined' | 'cancelled';
  /** 1 where money moved, even if a cancel moved it back. */
  was_booked: number;
  mode: 'online' | 'offline' | null;
  /** Null for a tombstone: only a cancel was ever seen. */
  request_hash: string | null;
  check_id: string | null;
  amount: number | null;
  fee: Generated<number>;
  currency: string | null;
  alias: string | null;
  counter: number | null;
  /** Only of what was booked: a decline tells the books nothing about a person. */
  wallet_id: string | null;
  member_ref: string | null;
  masked_name: string | null;
  settlement_method: string | null;
  reason: string | null;
  refunded: Generated<number>;
  booked_at_ms: number | null;
  cancelled_at_ms: number | null;
  /** When the terminal read the code, by its own clock. */
  captured_at_ms: number | null;
}

/** Every other move of money. Never changed, never deleted. */
interface TransferTable {
  id: string;
  kind:
    | 'reload'
    | 'reload_reversal'
    | 'chargeback'
    | 'owed_paid'
    | 'cancel'
    | 'fee_return'
    | 'refund'
    | 'repayment'
    | 'repayment_return';
  debit_account: string;
  credit_account: string;
  amount: number;
  currency: string;
  /** Of cancel, fee_return, refund, repayment and repayment_return. */
  settlement_id: string | null;
  allotment_id: string | null;
  booked_at_ms: number;
}

interface RefundTable {
  id: string;
  settlement_id: string;
  terminal_id: string;
  request_hash: string;
  amount: number;
  currency: string;
  reason: string | null;
  /** The sum of the settlement's refunds, this one included, and how many they are. */
  refunded: number;
  number: number;
  /** JSON: `RefundLine[]` and what each allotment shrank by. */
  lines: string | null;
  shrinks: string | null;
  booked_at_ms: number;
}

/** Money reserved for offline settlements: pending, then posted in part or whole, voided or expired. One open per wallet. */
interface HoldTable {
  id: string;
  wallet_id: string;
  state: 'pending' | 'posted' | 'voided' | 'expired';
  /** Reserved in all, of which so much was taken by settlements. */
  amount: number;
  posted: number;
  currency: string;
  placed_at_ms: number;
  /** No credential promises anything of it after this. */
  promised_until_ms: number;
  /** Then what is left is free again: late items of a queue still find it until here. */
  expires_at_ms: number;
  closed_at_ms: number | null;
}

/** Who paid for whom: exists only beside an approved settlement of more than one member or walk-in. */
interface GroupPaymentTable {
  /** The settlement's id. */
  id: string;
  state: 'valid' | 'cancelled';
  payer_wallet_id: string;
  store_id: string;
  check_id: string;
  amount: number;
  own_share: number;
  walk_in_share: number;
  currency: string;
  /** JSON: the frozen group as it was booked, with each guest's share. */
  record: string;
  booked_at_ms: number;
}

/** What the payer bore for one other guest. Open: amount - repaid - treated. */
interface AllotmentTable {
  id: string;
  group_payment_id: string;
  guest_id: string;
  creditor_wallet_id: string;
  debtor_wallet_id: string;
  /** Shrinks with refunds; never below zero. */
  amount: number;
  original_amount: number;
  repaid: Generated<number>;
  treated: Generated<number>;
  currency: string;
  booked_at_ms: number;
  treated_at_ms: number | null;
}

interface RepaymentTable {
  /** The transfer's id. */
  id: string;
  allotment_id: string;
  amount: number;
  /** What was still open after it. */
  open_after: number;
  booked_at_ms: number;
}

/** What happened, for whoever must hear of it, written in the same commit. `seq` rises in commit order for each wallet and store. */
interface OutboxTable {
  seq: Generated<number>;
  type: WalletEvent['type'];
  wallet_id: string | null;
  store_id: string | null;
  check_id: string | null;
  /** The row that it is about: a settlement, refund, reload, allotment, repayment... */
  ref_id: string | null;
  /** JSON, small; null where the row of `ref_id` says it all. */
  detail: string | null;
  at_ms: number;
}

/** A view: what moved each wallet's balance, settlements and transfers alike. */
interface MovementView {
  id: string;
  wallet_id: string;
  kind: 'settlement' | TransferTable['kind'];
  /** Positive into the wallet, negative out of it. */
  amount: number;
  currency: string;
  other_account: string;
  store_id: string | null;
  settlement_id: string | null;
  allotment_id: string | null;
  settlement_method: string | null;
  at_ms: number;
}

interface StoreTable {
  id: string;
  name: string;
  /** Merchant fee as a ratio of whole numbers. */
  fee_numerator: Generated<number>;
  fee_denominator: Generated<number>;
  /** JSON: settlement methods that the store accepts. */
  settlement_methods: Generated<string>;
  /** JSON: overrides of the offline policy; they can only tighten it. */
  offline_policy: Generated<string>;
  created_at_ms: Generated<number>;
}

interface TerminalTable {
  id: string;
  store_id: string;
  name: string;
  key_id: string;
  public_key: Buffer;
  enrolled_at_ms: number;
  /** Null until an administrator compared the fingerprint and approved. */
  approved_at_ms: number | null;
  revoked_at_ms: number | null;
}

interface WalletTable {
  id: string;
  name: string;
  is_locked: Generated<number>;
  per_payment_limit: number;
  jurisdiction: Generated<string>;
  level: Generated<string>;
  /** argon2id with pepper; null until the customer chose one. */
  pin_hash: string | null;
  pin_failures: Generated<number>;
  /** No PIN is looked at before this. */
  pin_retry_at_ms: Generated<number>;
  /** Chosen: `shown_code`, `contactless`, `store_code` or `linked:<reload method id>`. */
  settlement_method: Generated<string>;
  /** Chosen allowance in minor units; what is really held is in `hold`. */
  offline_allowance: Generated<number>;
  created_at_ms: Generated<number>;
}

interface PhoneTable {
  id: string;
  wallet_id: string;
  alias: string;
  key_id: string;
  public_key: Buffer;
  name: Generated<string>;
  bound_at_ms: number;
  revoked_at_ms: number | null;
}

/** What each phone was last promised; the credential itself is on the phone. */
interface CredentialTable {
  phone_id: string;
  /** The settlement method that the customer chose with the PIN: for receipts and the history, not for the code. */
  method: string;
  /** Reserved for its offline settlements, minor units. */
  allowance: number;
  issued_at_ms: number;
  not_after_ms: number;
}

interface PairingCodeTable {
  locator: string;
  secret_hash: Buffer;
  store_id: string | null;
  wallet_id: string | null;
  /** 1: the terminal that redeems it needs no approval. */
  is_approved: Generated<number>;
  expires_at_ms: number;
  tries_left: number;
  used_by_key: Buffer | null;
  became_id: string | null;
}

interface AdminTokenTable {
  id: string;
  name: string;
  token_hash: Buffer;
  made_at_ms: number;
  revoked_at_ms: number | null;
}

interface DenyListTable {
  /** Rises with every change: what a delta is asked by. */
  version: Generated<number>;
  alias: string;
  is_denied: number;
  reason: string;
  at_ms: number;
}

interface OperatorTable {
  id: string;
  name: string;
  url: string;
  public_key: Buffer;
  /** JSON: kinds of payment means. */
  kinds: string;
  added_at_ms: number;
  removed_at_ms: number | null;
}

interface ReloadMethodTable {
  id: string;
  wallet_id: string;
  operator_id: string;
  kind: string;
  /** The operator's token; never a card or account number. */
  token: string;
  fingerprint: string;
  display_name: string;
  registered_at_ms: number;
  removed_at_ms: number | null;
}

interface ReloadTable {
  id: string;
  wallet_id: string;
  method_id: string;
  operator_id: string;
  amount: number;
  currency: string;
  state: 'requested' | 'authorising' | 'captured' | 'credited' | 'declined' | 'unknown' | 'reversed' | 'charged_back';
  reason: string | null;
  /** What asked for it: the customer, auto-reload, or a settlement that drew on a linked method. */
  cause: 'customer' | 'auto' | 'linked';
  request_hash: string;
  operator_reference: string | null;
  requested_at_ms: number;
  /** When an unknown one is asked about again. */
  next_inquiry_at_ms: number | null;
  inquiries: Generated<number>;
  settled_at_ms: number | null;
}

interface AutoReloadTable {
  wallet_id: string;
  method_id: string;
  is_on: number;
  threshold: number;
  amount: number;
  daily_cap: number;
  monthly_cap: number;
  declines: Generated<number>;
  changed_at_ms: number;
}

interface CheckStateTable {
  id: string;
  store_id: string;
  terminal_id: string;
  table_id: string | null;
  label: string;
  /** JSON, as last announced: the whole list each time. */
  members: string;
  consumption: string | null;
  state: 'open' | 'paid' | 'closed';
  announced_at_ms: number;
}

interface TableCodeTable {
  /** The table's id at its store. */
  id: string;
  store_id: string;
  name: string;
  code: string;
  made_at_ms: number;
}

interface CheckInTable {
  id: string;
  table_id: string;
  store_id: string;
  wallet_id: string;
  /** Null while no check is open at the table. */
  check_id: string | null;
  at_ms: number;
  left_at_ms: number | null;
}

interface NoticeTable {
  id: string;
  store_id: string;
  title: string;
  body: string;
  /** JSON: words that are looked for in what a group consumed. */
  keywords: string;
  until_ms: number;
  published_at_ms: number;
}

/** What the books say about themselves. */
interface SettingTable {
  name: 'key_file';
  value: string;
}
