/** Wallets, stores and their terminals, and settlements that were transfers of their own. */
export const first = `
-- Double entry. Every yen of a wallet came from somewhere: the issuer's account is what was paid in from outside.
create table account (
  id text primary key check (length(id) between 1 and 64),
  kind text not null check (kind in ('wallet', 'store', 'issuer')),
  -- Wallets hold one currency; a store and the issuer take any.
  currency text check ((kind = 'wallet') = (currency is not null) and (currency is null or length(currency) = 3)),
  -- Kept for wallets only, which must not fall below zero. A store's balance is the sum of its transfers: a row that
  -- every sale of a busy store wanted to change would make its customers wait for one another.
  balance integer check ((kind = 'wallet') = (balance is not null) and (balance is null or balance >= 0))
) strict, without rowid;

create table store (
  id text primary key references account (id),
  name text not null
) strict, without rowid;

create table wallet (
  id text primary key references account (id),
  name text not null,
  is_locked integer not null default 0 check (is_locked in (0, 1)),
  per_payment_limit integer not null check (per_payment_limit > 0)
) strict, without rowid;

create table terminal (
  id text primary key,
  store_id text not null references store (id),
  name text not null,
  key_id text not null unique,
  public_key blob not null check (length(public_key) = 32),
  enrolled_at_ms integer not null,
  revoked_at_ms integer
) strict, without rowid;

create table phone (
  id text primary key,
  wallet_id text not null references wallet (id),
  -- What shops see in place of the wallet.
  alias text not null unique,
  key_id text not null unique,
  public_key blob not null check (length(public_key) = 32),
  bound_at_ms integer not null,
  revoked_at_ms integer
) strict, without rowid;
create index phone_of_wallet on phone (wallet_id);

-- A code that a person types once. The locator finds the row, so that tries can be counted; the secret is hashed.
create table pairing_code (
  locator text primary key,
  secret_hash blob not null check (length(secret_hash) = 32),
  store_id text references store (id),
  wallet_id text references wallet (id),
  expires_at_ms integer not null,
  tries_left integer not null check (tries_left >= 0),
  -- The key that came with the right code, and the terminal or phone that it became.
  used_by_key blob,
  became_id text,
  check ((store_id is null) <> (wallet_id is null)),
  check ((used_by_key is null) = (became_id is null))
) strict, without rowid;

-- One row for each id that a terminal ever asked about, for good: the answer and what it answered.
create table settlement (
  id text primary key check (length(id) = 36),
  store_id text not null references store (id),
  terminal_id text not null,
  state text not null check (state in ('approved', 'declined', 'cancelled')),
  -- Whether money moved, though a cancel may have moved it back.
  was_booked integer not null check (was_booked in (0, 1)),
  -- What makes a second request the same one. Null for an id that was cancelled before it was ever seen.
  request_hash text,
  check_id text,
  amount integer check (amount > 0),
  currency text,
  alias text,
  wallet_id text references wallet (id),
  member_ref text,
  masked_name text,
  settlement_method text,
  reference text,
  refunded integer not null default 0 check (refunded >= 0),
  reason text,
  detail text,
  booked_at_ms integer,
  cancelled_at_ms integer,
  check (refunded = 0 or (state = 'approved' and refunded <= amount)),
  check (state <> 'approved' or was_booked = 1),
  check (state <> 'declined' or (was_booked = 0 and reason is not null and detail is not null)),
  check ((state = 'cancelled') = (cancelled_at_ms is not null)),
  check ((request_hash is null) = (booked_at_ms is null)),
  check (request_hash is null or (check_id is not null and amount is not null and currency is not null)),
  check (
    was_booked = 0
    or (wallet_id is not null and member_ref is not null and masked_name is not null and reference is not null)
  )
) strict, without rowid;
create index settlement_of_store on settlement (store_id, id);

create table transfer (
  id text primary key check (length(id) = 36),
  kind text not null check (kind in ('reload', 'settlement', 'cancel', 'refund')),
  debit_account text not null references account (id),
  credit_account text not null references account (id),
  amount integer not null check (amount > 0),
  currency text not null check (length(currency) = 3),
  settlement_id text references settlement (id),
  booked_at_ms integer not null,
  check (debit_account <> credit_account),
  check ((kind = 'reload') = (settlement_id is null)),
  check (kind <> 'settlement' or settlement_id = id)
) strict, without rowid;
create index transfer_out_of on transfer (debit_account, booked_at_ms);
create index transfer_into on transfer (credit_account, booked_at_ms);
-- One reversal at most, whatever the code above thinks.
create unique index one_cancel on transfer (settlement_id) where kind = 'cancel';

create trigger transfer_stays before update on transfer
begin select raise(abort, 'a transfer is never changed'); end;
create trigger transfer_is_kept before delete on transfer
begin select raise(abort, 'a transfer is never deleted'); end;

create table refund (
  id text primary key references transfer (id),
  settlement_id text not null references settlement (id),
  terminal_id text not null,
  request_hash text not null,
  amount integer not null check (amount > 0),
  currency text not null,
  reason text,
  -- The sum of the settlement's refunds, this one included.
  refunded integer not null check (refunded >= amount),
  booked_at_ms integer not null
) strict, without rowid;
create index refund_of on refund (settlement_id);

-- A customer's code takes money once. Never forgotten.
create table used_code (
  alias text not null,
  counter integer not null,
  settlement_id text not null references settlement (id),
  primary key (alias, counter)
) strict, without rowid;
`;
