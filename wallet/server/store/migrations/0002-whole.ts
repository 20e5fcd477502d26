import { FEES_ACCOUNT, ISSUER_ACCOUNT, RECEIVABLE_ACCOUNT } from '../../ledger/ledger.ts';

/**
 * The whole wallet: reloads and the operators behind them, groups, holds, events, checks; see `schema.ts`, which says
 * what each column means.
 *
 * Every table of version 1 is made anew, because the checks of most of them change. A settlement is now its own
 * transfer; the code that it used up stands in it too.
 */
export const whole = `
create temp table was_account as select * from account;
create temp table was_store as select * from store;
create temp table was_wallet as select * from wallet;
create temp table was_terminal as select * from terminal;
create temp table was_phone as select * from phone;
create temp table was_pairing_code as select * from pairing_code;
create temp table was_settlement as select * from settlement;
create temp table was_transfer as select * from transfer;
create temp table was_refund as select * from refund;
create temp table was_used_code as select * from used_code;
drop table used_code;
drop table refund;
drop table transfer;
drop table settlement;
drop table pairing_code;
drop table phone;
drop table terminal;
drop table wallet;
drop table store;
drop table account;

-- Double entry. Wallets keep their balance, which must not fall below zero. Everybody else's is the sum of what was
-- booked: a row that every sale of a busy store wanted to change would make its customers wait for one another.
create table account (
  id text primary key check (length(id) between 1 and 64),
  kind text not null check (kind in ('wallet', 'store', 'operator', 'fees', 'receivable', 'issuer')),
  -- Wallets hold one currency; the others take any.
  currency text check ((kind = 'wallet') = (currency is not null) and (currency is null or length(currency) = 3)),
  balance integer check ((kind = 'wallet') = (balance is not null) and (balance is null or balance >= 0)),
  held integer not null default 0 check (held between 0 and coalesce(balance, 0)),
  owed integer not null default 0 check (owed >= 0 and (owed = 0 or kind = 'wallet')),
  spent_day integer not null default 0,
  spent_in_day integer not null default 0 check (spent_in_day >= 0),
  spent_month integer not null default 0,
  spent_in_month integer not null default 0 check (spent_in_month >= 0)
) strict, without rowid;

create table store (
  id text primary key references account (id),
  name text not null,
  fee_numerator integer not null default 0 check (fee_numerator >= 0),
  fee_denominator integer not null default 1000 check (fee_denominator > fee_numerator),
  settlement_methods text not null default '["shown_code","contactless","store_code","linked"]',
  offline_policy text not null default '{}',
  created_at_ms integer not null default 0
) strict, without rowid;

create table terminal (
  id text primary key,
  store_id text not null references store (id),
  name text not null,
  key_id text not null unique,
  public_key blob not null check (length(public_key) = 32),
  enrolled_at_ms integer not null,
  approved_at_ms integer,
  revoked_at_ms integer
) strict, without rowid;
create index terminal_of_store on terminal (store_id);

create table wallet (
  id text primary key references account (id),
  name text not null,
  is_locked integer not null default 0 check (is_locked in (0, 1)),
  per_payment_limit integer not null check (per_payment_limit > 0),
  jurisdiction text not null default 'JP',
  level text not null default 'basic',
  pin_hash text,
  pin_failures integer not null default 0 check (pin_failures >= 0),
  pin_retry_at_ms integer not null default 0,
  settlement_method text not null default 'shown_code',
  offline_allowance integer not null default 0 check (offline_allowance >= 0),
  created_at_ms integer not null default 0
) strict, without rowid;

create table phone (
  id text primary key,
  wallet_id text not null references wallet (id),
  -- What shops see in place of the wallet.
  alias text not null unique,
  key_id text not null unique,
  public_key blob not null check (length(public_key) = 32),
  name text not null default '',
  bound_at_ms integer not null,
  revoked_at_ms integer
) strict, without rowid;
create index phone_of_wallet on phone (wallet_id);

create table credential (
  phone_id text primary key references phone (id),
  method text not null,
  allowance integer not null check (allowance >= 0),
  issued_at_ms integer not null,
  not_after_ms integer not null
) strict, without rowid;

-- A code that a person types once. The locator finds the row, so that tries can be counted; the secret is hashed.
create table pairing_code (
  locator text primary key,
  secret_hash blob not null check (length(secret_hash) = 32),
  store_id text references store (id),
  wallet_id text references wallet (id),
  is_approved integer not null default 0 check (is_approved in (0, 1)),
  expires_at_ms integer not null,
  tries_left integer not null check (tries_left >= 0),
  -- The key that came with the right code, and the terminal or phone that it became.
  used_by_key blob,
  became_id text,
  check ((store_id is null) <> (wallet_id is null)),
  check ((used_by_key is null) = (became_id is null))
) strict, without rowid;

create table admin_token (
  id text primary key,
  name text not null,
  token_hash blob not null unique check (length(token_hash) = 32),
  made_at_ms integer not null,
  revoked_at_ms integer
) strict, without rowid;

-- One row for each id that a terminal ever asked about, for good: the answer and what it answered.
create table settlement (
  id text primary key check (length(id) = 36),
  store_id text not null references store (id),
  terminal_id text not null,
  state text not null check (state in ('approved', 'declined', 'cancelled')),
  -- Whether money moved, though a cancel may have moved it back.
  was_booked integer not null check (was_booked in (0, 1)),
  mode text check (mode in ('online', 'offline')),
  -- What makes a second request the same one. Null for an id that was cancelled before it was ever seen.
  request_hash text,
  check_id text,
  amount integer check (amount > 0),
  fee integer not null default 0 check (fee >= 0 and (fee = 0 or fee < amount)),
  currency text,
  alias text,
  counter integer,
  wallet_id text references wallet (id),
  member_ref text,
  masked_name text,
  settlement_method text,
  reason text,
  refunded integer not null default 0 check (refunded >= 0),
  booked_at_ms integer,
  cancelled_at_ms integer,
  captured_at_ms integer,
  check (refunded = 0 or (state = 'approved' and refunded <= amount)),
  check (state <> 'approved' or was_booked = 1),
  check (state <> 'declined' or (was_booked = 0 and reason is not null)),
  check ((state = 'cancelled') = (cancelled_at_ms is not null)),
  check ((request_hash is null) = (booked_at_ms is null) and (request_hash is null) = (mode is null)),
  check (request_hash is null or (check_id is not null and amount is not null and currency is not null)),
  check (
    was_booked = 0
    or (wallet_id is not null and alias is not null and counter is not null and member_ref is not null
      and masked_name is not null and settlement_method is not null)
  )
) strict, without rowid;
create index settlement_of_store on settlement (store_id, booked_at_ms, id);
create index cancelled_of_store on settlement (store_id, cancelled_at_ms, id) where cancelled_at_ms is not null;
-- A customer's code takes money once, whatever the code above thinks: an alias belongs to one wallet. The wallet stands
-- first so that its history is found by the same index, where a second one would be written with each settlement.
create unique index one_code on settlement (wallet_id, alias, counter) where was_booked = 1;

-- Every other move of money.
create table transfer (
  id text primary key check (length(id) = 36),
  kind text not null check (
    kind in ('reload', 'reload_reversal', 'chargeback', 'owed_paid', 'cancel', 'fee_return', 'refund', 'repayment',
      'repayment_return')
  ),
  debit_account text not null references account (id),
  credit_account text not null references account (id),
  amount integer not null check (amount > 0),
  currency text not null check (length(currency) = 3),
  settlement_id text references settlement (id),
  allotment_id text references allotment (id),
  booked_at_ms integer not null,
  check (debit_account <> credit_account),
  check (
    (kind in ('cancel', 'fee_return', 'refund', 'repayment', 'repayment_return')) = (settlement_id is not null)
  ),
  check ((kind in ('repayment', 'repayment_return')) = (allotment_id is not null))
) strict, without rowid;
create index transfer_out_of on transfer (debit_account, booked_at_ms);
create index transfer_into on transfer (credit_account, booked_at_ms);
create index transfer_of_settlement on transfer (settlement_id) where settlement_id is not null;
create index transfer_of_allotment on transfer (allotment_id) where allotment_id is not null;
-- One reversal at most, whatever the code above thinks.
create unique index one_cancel on transfer (settlement_id) where kind = 'cancel';

create table refund (
  id text primary key references transfer (id),
  settlement_id text not null references settlement (id),
  terminal_id text not null,
  request_hash text not null,
  amount integer not null check (amount > 0),
  currency text not null,
  reason text,
  -- The sum of the settlement's refunds, this one included, and how many they are.
  refunded integer not null check (refunded >= amount),
  number integer not null check (number > 0),
  lines text,
  shrinks text,
  booked_at_ms integer not null,
  unique (settlement_id, number)
) strict, without rowid;

create table hold (
  id text primary key check (length(id) = 36),
  wallet_id text not null references wallet (id),
  state text not null check (state in ('pending', 'posted', 'voided', 'expired')),
  amount integer not null check (amount > 0),
  posted integer not null default 0 check (posted between 0 and amount),
  currency text not null,
  placed_at_ms integer not null,
  promised_until_ms integer not null,
  expires_at_ms integer not null,
  closed_at_ms integer,
  check ((state = 'pending') = (closed_at_ms is null)),
  check ((state <> 'pending' or posted < amount) and (state <> 'posted' or posted = amount))
) strict, without rowid;
create unique index one_open_hold on hold (wallet_id) where state = 'pending';
create index open_hold_by_expiry on hold (expires_at_ms) where state = 'pending';

create table group_payment (
  id text primary key references settlement (id),
  state text not null check (state in ('valid', 'cancelled')),
  payer_wallet_id text not null references wallet (id),
  store_id text not null references store (id),
  check_id text not null,
  amount integer not null check (amount > 0),
  own_share integer not null,
  walk_in_share integer not null,
  currency text not null,
  record text not null,
  booked_at_ms integer not null
) strict, without rowid;
create index group_payment_of_payer on group_payment (payer_wallet_id, booked_at_ms);

-- What the payer bore for one other guest. Open: amount - repaid - treated.
create table allotment (
  id text primary key check (length(id) = 36),
  group_payment_id text not null references group_payment (id),
  guest_id text not null,
  creditor_wallet_id text not null references wallet (id),
  debtor_wallet_id text not null references wallet (id),
  amount integer not null check (amount between 0 and original_amount),
  original_amount integer not null,
  repaid integer not null default 0 check (repaid >= 0),
  treated integer not null default 0 check (treated >= 0),
  currency text not null,
  booked_at_ms integer not null,
  treated_at_ms integer,
  check (repaid + treated <= amount),
  check (creditor_wallet_id <> debtor_wallet_id),
  unique (group_payment_id, guest_id)
) strict, without rowid;
create index allotment_of_debtor on allotment (debtor_wallet_id, booked_at_ms);
create index allotment_of_creditor on allotment (creditor_wallet_id, booked_at_ms);

create table repayment (
  id text primary key references transfer (id),
  allotment_id text not null references allotment (id),
  amount integer not null check (amount > 0),
  open_after integer not null check (open_after >= 0),
  booked_at_ms integer not null
) strict, without rowid;
create index repayment_of on repayment (allotment_id);

-- Never the same number twice, though old rows are swept out: a phone asks for what came after the last it saw.
create table outbox (
  seq integer primary key autoincrement,
  type text not null,
  wallet_id text,
  store_id text,
  check_id text,
  ref_id text,
  detail text,
  at_ms integer not null
) strict;
create index outbox_of_wallet on outbox (wallet_id, seq) where wallet_id is not null;
create index outbox_of_store on outbox (store_id, seq) where store_id is not null;

create table deny_list (
  version integer primary key autoincrement,
  alias text not null,
  is_denied integer not null check (is_denied in (0, 1)),
  reason text not null,
  at_ms integer not null
) strict;
create index deny_list_of on deny_list (alias, version);

create table operator (
  id text primary key,
  name text not null,
  url text not null,
  public_key blob not null check (length(public_key) = 32),
  kinds text not null,
  added_at_ms integer not null,
  removed_at_ms integer
) strict, without rowid;

create table reload_method (
  id text primary key,
  wallet_id text not null references wallet (id),
  operator_id text not null references operator (id),
  kind text not null,
  token text not null,
  fingerprint text not null,
  display_name text not null,
  registered_at_ms integer not null,
  removed_at_ms integer
) strict, without rowid;
-- The same means is registered once.
create unique index one_method on reload_method (wallet_id, operator_id, fingerprint) where removed_at_ms is null;

create table reload (
  id text primary key check (length(id) = 36),
  wallet_id text not null references wallet (id),
  method_id text not null references reload_method (id),
  operator_id text not null references operator (id),
  amount integer not null check (amount > 0),
  currency text not null,
  state text not null check (
    state in ('requested', 'authorising', 'captured', 'credited', 'declined', 'unknown', 'reversed', 'charged_back')
  ),
  reason text,
  cause text not null check (cause in ('customer', 'auto', 'linked')),
  request_hash text not null,
  operator_reference text,
  requested_at_ms integer not null,
  next_inquiry_at_ms integer,
  inquiries integer not null default 0 check (inquiries >= 0),
  settled_at_ms integer
) strict, without rowid;
create index reload_of_wallet on reload (wallet_id, requested_at_ms);
create index reload_to_inquire on reload (next_inquiry_at_ms) where next_inquiry_at_ms is not null;

create table auto_reload (
  wallet_id text primary key references wallet (id),
  method_id text not null references reload_method (id),
  is_on integer not null check (is_on in (0, 1)),
  threshold integer not null check (threshold >= 0),
  amount integer not null check (amount > 0),
  daily_cap integer not null check (daily_cap > 0),
  monthly_cap integer not null check (monthly_cap > 0),
  declines integer not null default 0 check (declines >= 0),
  changed_at_ms integer not null
) strict, without rowid;

create table check_state (
  id text primary key,
  store_id text not null references store (id),
  terminal_id text not null,
  table_id text,
  label text not null,
  members text not null,
  consumption text,
  state text not null check (state in ('open', 'paid', 'closed')),
  announced_at_ms integer not null
) strict, without rowid;
create index check_at_table on check_state (table_id, announced_at_ms) where table_id is not null;

create table table_code (
  id text primary key,
  store_id text not null references store (id),
  name text not null,
  code text not null unique,
  made_at_ms integer not null
) strict, without rowid;

create table check_in (
  id text primary key,
  table_id text not null references table_code (id),
  store_id text not null references store (id),
  wallet_id text not null references wallet (id),
  check_id text,
  at_ms integer not null,
  left_at_ms integer
) strict, without rowid;
create index check_in_at_table on check_in (table_id, at_ms);
create index check_in_of_wallet on check_in (wallet_id, at_ms);

create table notice (
  id text primary key,
  store_id text not null references store (id),
  title text not null,
  body text not null,
  keywords text not null,
  until_ms integer not null,
  published_at_ms integer not null
) strict, without rowid;
create index notice_of_store on notice (store_id, until_ms);

create table setting (
  name text primary key,
  value text not null
) strict, without rowid;

insert into account (id, kind, currency, balance)
select case kind when 'issuer' then '${ISSUER_ACCOUNT}' else id end, kind, currency, balance from was_account;
insert or ignore into account (id, kind) values
  ('${ISSUER_ACCOUNT}', 'issuer'), ('${FEES_ACCOUNT}', 'fees'), ('${RECEIVABLE_ACCOUNT}', 'receivable');
insert into store (id, name) select id, name from was_store;
insert into wallet (id, name, is_locked, per_payment_limit)
select id, name, is_locked, per_payment_limit from was_wallet;
insert into terminal (id, store_id, name, key_id, public_key, enrolled_at_ms, approved_at_ms, revoked_at_ms)
select id, store_id, name, key_id, public_key, enrolled_at_ms, enrolled_at_ms, revoked_at_ms from was_terminal;
insert into phone (id, wallet_id, alias, key_id, public_key, bound_at_ms, revoked_at_ms)
select id, wallet_id, alias, key_id, public_key, bound_at_ms, revoked_at_ms from was_phone;
insert into pairing_code
  (locator, secret_hash, store_id, wallet_id, is_approved, expires_at_ms, tries_left, used_by_key, became_id)
select locator, secret_hash, store_id, wallet_id, 1, expires_at_ms, tries_left, used_by_key, became_id
from was_pairing_code;
insert into settlement
  (id, store_id, terminal_id, state, was_booked, mode, request_hash, check_id, amount, currency, alias, counter,
   wallet_id, member_ref, masked_name, settlement_method, reason, refunded, booked_at_ms, cancelled_at_ms,
   captured_at_ms)
select id, store_id, terminal_id, state, was_booked, case when request_hash is not null then 'online' end, request_hash,
  check_id, amount, currency, was.alias, was_used_code.counter, wallet_id, member_ref, masked_name, settlement_method,
  reason, refunded, booked_at_ms, cancelled_at_ms, booked_at_ms
from was_settlement as was left join was_used_code on was_used_code.settlement_id = was.id;
insert into transfer (id, kind, debit_account, credit_account, amount, currency, settlement_id, booked_at_ms)
select id, kind, case kind when 'reload' then '${ISSUER_ACCOUNT}' else debit_account end, credit_account, amount,
  currency, settlement_id, booked_at_ms
from was_transfer where kind <> 'settlement';
insert into refund
  (id, settlement_id, terminal_id, request_hash, amount, currency, reason, refunded, number, booked_at_ms)
select id, settlement_id, terminal_id, request_hash, amount, currency, reason, refunded,
  row_number() over (partition by settlement_id order by refunded), booked_at_ms
from was_refund;

drop table was_account;
drop table was_store;
drop table was_wallet;
drop table was_terminal;
drop table was_phone;
drop table was_pairing_code;
drop table was_settlement;
drop table was_transfer;
drop table was_refund;
drop table was_used_code;

create trigger transfer_stays before update on transfer
begin select raise(abort, 'a transfer is never changed'); end;
create trigger transfer_is_kept before delete on transfer
begin select raise(abort, 'a transfer is never deleted'); end;

create view movement as
select id, wallet_id, 'settlement' as kind, -amount as amount, currency, store_id as other_account, store_id,
  id as settlement_id, null as allotment_id, settlement_method, booked_at_ms as at_ms
from settlement where was_booked = 1
union all
select transfer.id, debit_account, transfer.kind, -transfer.amount, transfer.currency, credit_account,
  settlement.store_id, transfer.settlement_id, transfer.allotment_id, settlement.settlement_method,
  transfer.booked_at_ms
from transfer
join wallet on wallet.id = debit_account
left join settlement on settlement.id = transfer.settlement_id
union all
select transfer.id, credit_account, transfer.kind, transfer.amount, transfer.currency, debit_account,
  settlement.store_id, transfer.settlement_id, transfer.allotment_id, settlement.settlement_method,
  transfer.booked_at_ms
from transfer
join wallet on wallet.id = credit_account
left join settlement on settlement.id = transfer.settlement_id;
`;
