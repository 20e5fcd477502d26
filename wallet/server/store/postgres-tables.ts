import { FEES_ACCOUNT, ISSUER_ACCOUNT, RECEIVABLE_ACCOUNT } from '../ledger/ledger.ts';

/**
 * The tables of `schema.ts` in PostgreSQL.
 *
 * The tables that every settlement writes have no foreign keys, because PostgreSQL checks each one by a query and a lock
 * of its own; the ledger's functions look at the rows that they name, and `readBooks` finds what is loose. Text that is
 * indexed is compared byte by byte. Rows that are changed in place have room beside them, so that no index is written.
 */
export const tables = `
create table account (
  id uuid primary key,
  kind text not null check (kind in ('wallet', 'store', 'operator', 'fees', 'receivable', 'issuer')),
  currency text check ((kind = 'wallet') = (currency is not null) and (currency is null or length(currency) = 3)),
  balance bigint check ((kind = 'wallet') = (balance is not null) and (balance is null or balance >= 0)),
  held bigint not null default 0 check (held between 0 and coalesce(balance, 0)),
  owed bigint not null default 0 check (owed >= 0 and (owed = 0 or kind = 'wallet')),
  spent_day bigint not null default 0,
  spent_in_day bigint not null default 0 check (spent_in_day >= 0),
  spent_month bigint not null default 0,
  spent_in_month bigint not null default 0 check (spent_in_month >= 0)
) with (fillfactor = 60);

create table store (
  id uuid primary key references account (id),
  name text not null,
  fee_numerator bigint not null default 0 check (fee_numerator >= 0),
  fee_denominator bigint not null default 1000 check (fee_denominator > fee_numerator),
  settlement_methods text not null default '["shown_code","contactless","store_code","linked"]',
  offline_policy text not null default '{}',
  created_at_ms bigint not null default 0
);

create table terminal (
  id uuid primary key,
  store_id uuid not null references store (id),
  name text not null,
  key_id text not null unique,
  public_key bytea not null check (length(public_key) = 32),
  enrolled_at_ms bigint not null,
  approved_at_ms bigint,
  revoked_at_ms bigint
);
create index terminal_of_store on terminal (store_id);

create table wallet (
  id uuid primary key references account (id),
  name text not null,
  is_locked smallint not null default 0 check (is_locked in (0, 1)),
  per_payment_limit bigint not null check (per_payment_limit > 0),
  jurisdiction text not null default 'JP',
  level text not null default 'basic',
  pin_hash text,
  pin_failures bigint not null default 0 check (pin_failures >= 0),
  pin_retry_at_ms bigint not null default 0,
  settlement_method text not null default 'shown_code',
  offline_allowance bigint not null default 0 check (offline_allowance >= 0),
  created_at_ms bigint not null default 0
);

create table phone (
  id uuid primary key,
  wallet_id uuid not null references wallet (id),
  alias text collate "C" not null unique,
  key_id text collate "C" not null unique,
  public_key bytea not null check (length(public_key) = 32),
  name text not null default '',
  bound_at_ms bigint not null,
  revoked_at_ms bigint
);
create index phone_of_wallet on phone (wallet_id);

create table credential (
  phone_id uuid primary key references phone (id),
  method text not null,
  allowance bigint not null check (allowance >= 0),
  issued_at_ms bigint not null,
  not_after_ms bigint not null
);

create table pairing_code (
  locator text collate "C" primary key,
  secret_hash bytea not null check (length(secret_hash) = 32),
  store_id uuid references store (id),
  wallet_id uuid references wallet (id),
  is_approved smallint not null default 0 check (is_approved in (0, 1)),
  expires_at_ms bigint not null,
  tries_left bigint not null check (tries_left >= 0),
  used_by_key bytea,
  became_id uuid,
  check ((store_id is null) <> (wallet_id is null)),
  check ((used_by_key is null) = (became_id is null))
);

create table admin_token (
  id text collate "C" primary key,
  name text not null,
  token_hash bytea not null unique check (length(token_hash) = 32),
  made_at_ms bigint not null,
  revoked_at_ms bigint
);

create table settlement (
  id uuid primary key,
  store_id uuid not null,
  terminal_id uuid not null,
  check_id uuid,
  wallet_id uuid,
  amount bigint check (amount > 0),
  fee bigint not null default 0,
  refunded bigint not null default 0,
  counter bigint,
  booked_at_ms bigint,
  captured_at_ms bigint,
  cancelled_at_ms bigint,
  was_booked smallint not null,
  state text collate "C" not null,
  mode text collate "C",
  currency text collate "C",
  request_hash text collate "C",
  alias text collate "C",
  member_ref text,
  masked_name text,
  settlement_method text,
  reason text,
  check (
    case state
      when 'approved' then was_booked = 1 and refunded between 0 and amount and reason is null
        and cancelled_at_ms is null
      when 'declined' then was_booked = 0 and refunded = 0 and reason is not null and cancelled_at_ms is null
      when 'cancelled' then was_booked in (0, 1) and refunded = 0 and cancelled_at_ms is not null
      else false
    end
  ),
  check (
    case when request_hash is null then was_booked = 0 and booked_at_ms is null and mode is null
    else booked_at_ms is not null and mode in ('online', 'offline') and check_id is not null and currency is not null
      and amount is not null and fee >= 0 and (fee = 0 or fee < amount)
    end
  ),
  check (
    was_booked = 0
    or (wallet_id is not null and alias is not null and counter is not null and member_ref is not null
      and masked_name is not null and settlement_method is not null)
  )
) with (fillfactor = 90);
-- Without the id, which only settlements of the same millisecond are put in order by: every settlement writes here.
create index settlement_of_store on settlement (store_id, booked_at_ms);
create index cancelled_of_store on settlement (store_id, cancelled_at_ms) where cancelled_at_ms is not null;
create index settlement_of_wallet on settlement (wallet_id, booked_at_ms) where wallet_id is not null;
-- A customer's code takes money once, whatever the code above thinks.
create unique index one_code on settlement (alias, counter) where was_booked = 1;

create table transfer (
  id uuid primary key,
  kind text not null check (
    kind in ('reload', 'reload_reversal', 'chargeback', 'owed_paid', 'cancel', 'fee_return', 'refund', 'repayment',
      'repayment_return')
  ),
  debit_account uuid not null,
  credit_account uuid not null,
  amount bigint not null check (amount > 0),
  currency text not null check (length(currency) = 3),
  settlement_id uuid,
  allotment_id uuid,
  booked_at_ms bigint not null,
  check (debit_account <> credit_account),
  check (
    (kind in ('cancel', 'fee_return', 'refund', 'repayment', 'repayment_return')) = (settlement_id is not null)
  ),
  check ((kind in ('repayment', 'repayment_return')) = (allotment_id is not null))
);
create index transfer_out_of on transfer (debit_account, booked_at_ms);
create index transfer_into on transfer (credit_account, booked_at_ms);
create index transfer_of_settlement on transfer (settlement_id) where settlement_id is not null;
create index transfer_of_allotment on transfer (allotment_id) where allotment_id is not null;
-- One reversal at most, whatever the code above thinks.
create unique index one_cancel on transfer (settlement_id) where kind = 'cancel';

create function transfer_stays() returns trigger language plpgsql as $$
begin
  raise exception 'a transfer is never changed or deleted';
end $$;
create trigger transfer_stays before update or delete on transfer for each row execute function transfer_stays();

create table refund (
  id uuid primary key,
  settlement_id uuid not null,
  terminal_id uuid not null,
  request_hash text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  reason text,
  refunded bigint not null check (refunded >= amount),
  number bigint not null check (number > 0),
  lines text,
  shrinks text,
  booked_at_ms bigint not null,
  unique (settlement_id, number)
);

create table hold (
  id uuid primary key,
  wallet_id uuid not null,
  state text not null check (state in ('pending', 'posted', 'voided', 'expired')),
  amount bigint not null check (amount > 0),
  posted bigint not null default 0 check (posted between 0 and amount),
  currency text not null,
  placed_at_ms bigint not null,
  promised_until_ms bigint not null,
  expires_at_ms bigint not null,
  closed_at_ms bigint,
  check ((state = 'pending') = (closed_at_ms is null)),
  check ((state <> 'pending' or posted < amount) and (state <> 'posted' or posted = amount))
) with (fillfactor = 80);
create unique index one_open_hold on hold (wallet_id) where state = 'pending';
create index open_hold_by_expiry on hold (expires_at_ms) where state = 'pending';

create table group_payment (
  id uuid primary key,
  payer_wallet_id uuid not null,
  store_id uuid not null,
  check_id uuid not null,
  amount bigint not null check (amount > 0),
  own_share bigint not null,
  walk_in_share bigint not null,
  booked_at_ms bigint not null,
  state text not null check (state in ('valid', 'cancelled')),
  currency text not null,
  record text not null
);
create index group_payment_of_payer on group_payment (payer_wallet_id, booked_at_ms);

create table allotment (
  id uuid primary key,
  group_payment_id uuid not null,
  creditor_wallet_id uuid not null,
  debtor_wallet_id uuid not null,
  amount bigint not null check (amount between 0 and original_amount),
  original_amount bigint not null,
  repaid bigint not null default 0 check (repaid >= 0),
  treated bigint not null default 0 check (treated >= 0),
  booked_at_ms bigint not null,
  treated_at_ms bigint,
  guest_id text collate "C" not null,
  currency text not null,
  check (repaid + treated <= amount),
  check (creditor_wallet_id <> debtor_wallet_id),
  unique (group_payment_id, guest_id)
) with (fillfactor = 80);
create index allotment_of_debtor on allotment (debtor_wallet_id, booked_at_ms);
create index allotment_of_creditor on allotment (creditor_wallet_id, booked_at_ms);

create table repayment (
  id uuid primary key,
  allotment_id uuid not null,
  amount bigint not null check (amount > 0),
  open_after bigint not null check (open_after >= 0),
  booked_at_ms bigint not null
);
create index repayment_of on repayment (allotment_id);

create table outbox (
  seq bigint generated always as identity primary key,
  at_ms bigint not null,
  wallet_id uuid,
  store_id uuid,
  check_id uuid,
  ref_id uuid,
  type text not null,
  detail text
);
create index outbox_of_wallet on outbox (wallet_id, seq) where wallet_id is not null;
create index outbox_of_store on outbox (store_id, seq) where store_id is not null;

create table deny_list (
  version bigint generated always as identity primary key,
  alias text collate "C" not null,
  is_denied smallint not null check (is_denied in (0, 1)),
  reason text not null,
  at_ms bigint not null
);
create index deny_list_of on deny_list (alias, version);

create table operator (
  id text collate "C" primary key,
  name text not null,
  url text not null,
  public_key bytea not null check (length(public_key) = 32),
  kinds text not null,
  added_at_ms bigint not null,
  removed_at_ms bigint
);

create table reload_method (
  id uuid primary key,
  wallet_id uuid not null references wallet (id),
  operator_id text collate "C" not null references operator (id),
  kind text not null,
  token text not null,
  fingerprint text not null,
  display_name text not null,
  registered_at_ms bigint not null,
  removed_at_ms bigint
);
-- The same means is registered once.
create unique index one_method on reload_method (wallet_id, operator_id, fingerprint) where removed_at_ms is null;

create table reload (
  id uuid primary key,
  wallet_id uuid not null references wallet (id),
  method_id uuid not null references reload_method (id),
  operator_id text collate "C" not null references operator (id),
  amount bigint not null check (amount > 0),
  currency text not null,
  state text not null check (
    state in ('requested', 'authorising', 'captured', 'credited', 'declined', 'unknown', 'reversed', 'charged_back')
  ),
  reason text,
  cause text not null check (cause in ('customer', 'auto', 'linked')),
  request_hash text not null,
  operator_reference text,
  requested_at_ms bigint not null,
  next_inquiry_at_ms bigint,
  inquiries bigint not null default 0 check (inquiries >= 0),
  settled_at_ms bigint
);
create index reload_of_wallet on reload (wallet_id, requested_at_ms);
create index reload_to_inquire on reload (next_inquiry_at_ms) where next_inquiry_at_ms is not null;

create table auto_reload (
  wallet_id uuid primary key references wallet (id),
  method_id uuid not null references reload_method (id),
  is_on smallint not null check (is_on in (0, 1)),
  threshold bigint not null check (threshold >= 0),
  amount bigint not null check (amount > 0),
  daily_cap bigint not null check (daily_cap > 0),
  monthly_cap bigint not null check (monthly_cap > 0),
  declines bigint not null default 0 check (declines >= 0),
  changed_at_ms bigint not null
);

create table check_state (
  id uuid primary key,
  store_id uuid not null references store (id),
  terminal_id uuid not null,
  table_id uuid,
  label text not null,
  members text not null,
  consumption text,
  state text not null check (state in ('open', 'paid', 'closed')),
  announced_at_ms bigint not null
);
create index check_at_table on check_state (table_id, announced_at_ms) where table_id is not null;

create table table_code (
  id uuid primary key,
  store_id uuid not null references store (id),
  name text not null,
  code text collate "C" not null unique,
  made_at_ms bigint not null
);

create table check_in (
  id uuid primary key,
  table_id uuid not null references table_code (id),
  store_id uuid not null references store (id),
  wallet_id uuid not null references wallet (id),
  check_id uuid,
  at_ms bigint not null,
  left_at_ms bigint
);
create index check_in_at_table on check_in (table_id, at_ms);
create index check_in_of_wallet on check_in (wallet_id, at_ms);

create table notice (
  id uuid primary key,
  store_id uuid not null references store (id),
  title text not null,
  body text not null,
  keywords text not null,
  until_ms bigint not null,
  published_at_ms bigint not null
);
create index notice_of_store on notice (store_id, until_ms);

create table setting (
  name text primary key,
  value text not null
);

-- Each server remembers who signs with a key, and hears here when it must ask anew.
create function tell_signer() returns trigger language plpgsql as $$
begin
  perform pg_notify('warikan_signer', new.key_id);
  return null;
end $$;
create trigger terminal_tells after update on terminal for each row execute function tell_signer();
create trigger phone_tells after update on phone for each row execute function tell_signer();

insert into account (id, kind) values
  ('${ISSUER_ACCOUNT}', 'issuer'), ('${FEES_ACCOUNT}', 'fees'), ('${RECEIVABLE_ACCOUNT}', 'receivable');

create view movement as
select id, wallet_id, 'settlement' as kind, -amount as amount, currency, store_id as other_account, store_id,
  id as settlement_id, null::uuid as allotment_id, settlement_method, booked_at_ms as at_ms
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
