import { FEES_ACCOUNT, RECEIVABLE_ACCOUNT } from './ledger.ts';

/**
 * What is rare: every command but `settle`, one after the other in the order of the list, each a function from the
 * command to the outcome, both JSON. What a command means is said in `test/wallet/server/oracle.ts`.
 *
 * A settlement or refund that is answered comes as its row, under `row`.
 */
export const commandFunctions = `
create function ledger_refuse(code text) returns jsonb language sql immutable as $$
  select jsonb_build_object('type', 'refused', 'code', code)
$$;

-- The id of a further transfer of the same command: as derivedId() makes it.
create function ledger_derived_id(p_id uuid, purpose text) returns uuid language sql immutable as $$
  select (left(p_id::text, 15) || left(digest, 3) || '-8' || substr(digest, 4, 3) || '-' || substr(digest, 7, 12))::uuid
  from encode(sha256(convert_to(p_id::text || chr(10) || purpose, 'UTF8')), 'hex') as digest
$$;

-- Locks every wallet that commands with these ids can touch, in one order for all servers, before the first of them is
-- booked: ids of wallets, settlements, transfers and allotments alike.
create function ledger_lock(p_ids uuid[], p_expired_ms bigint) returns void language plpgsql
  set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  perform 1 from account
  where id = any (array(
    select unnest(p_ids)
    union select wallet_id from settlement where id = any(p_ids) and wallet_id is not null
    union select debtor_wallet_id from allotment where group_payment_id = any(p_ids)
    union select unnest(array[debtor_wallet_id, creditor_wallet_id]) from allotment where id = any(p_ids)
    union select credit_account from transfer where id = any(p_ids)
    union select wallet_id from hold where state = 'pending' and expires_at_ms <= p_expired_ms
  ))
  order by id for no key update;
end $$;

create function ledger_move(
  p_id uuid, p_kind text, p_from uuid, p_to uuid, p_amount bigint, p_currency text, p_settlement uuid, p_allotment uuid,
  p_at bigint
) returns void language plpgsql as $$
begin
  insert into transfer
    (id, kind, debit_account, credit_account, amount, currency, settlement_id, allotment_id, booked_at_ms)
  values (p_id, p_kind, p_from, p_to, p_amount, p_currency, p_settlement, p_allotment, p_at);
  -- The accounts of wallets alone have a balance to change; its check has the last word.
  update account set balance = balance - p_amount where id = p_from and kind = 'wallet';
  update account set balance = balance + p_amount where id = p_to and kind = 'wallet';
end $$;

create function ledger_tell(p_type text, p_wallet uuid, p_ref uuid, p_at bigint) returns void
language sql as $$
  insert into outbox (type, wallet_id, ref_id, at_ms) values (p_type, p_wallet, p_ref, p_at)
$$;

create function ledger_answer(p_settlement uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('type', 'settlement', 'row', to_jsonb(settlement), 'record', group_payment.record)
  from settlement left join group_payment on group_payment.id = settlement.id
  where settlement.id = p_settlement
$$;

create function ledger_cancel(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'settlementId';
  v_at bigint := c ->> 'atMs';
  v_transfer uuid := c ->> 'transferId';
  s settlement;
  a allotment;
begin
  select * into s from settlement where id = v_id for update;
  if not found then
    if exists (select from transfer where id = v_id) then return ledger_refuse('not_found'); end if;
    insert into settlement (id, store_id, terminal_id, state, was_booked, cancelled_at_ms)
    values (v_id, (c ->> 'storeId')::uuid, (c ->> 'terminalId')::uuid, 'cancelled', 0, v_at);
  elsif s.store_id <> (c ->> 'storeId')::uuid then
    return ledger_refuse('not_found');
  elsif s.state <> 'cancelled' then
    if s.refunded > 0 then return ledger_refuse('not_refundable'); end if;
    update settlement set state = 'cancelled', cancelled_at_ms = v_at where id = v_id;
    if s.state = 'approved' then
      perform ledger_move(v_transfer, 'cancel', s.store_id, s.wallet_id, s.amount, s.currency, v_id, null, v_at);
      if s.fee > 0 then
        perform ledger_move(ledger_derived_id(v_transfer, 'fee'), 'fee_return', '${FEES_ACCOUNT}', s.store_id, s.fee,
          s.currency, v_id, null, v_at);
      end if;
      perform ledger_tell('cancelled', s.wallet_id, v_id, v_at);
      update group_payment set state = 'cancelled' where id = v_id;
      for a in select * from allotment where group_payment_id = v_id order by id loop
        if a.repaid > 0 then
          perform ledger_move(ledger_derived_id(v_transfer, a.id::text), 'repayment_return', s.wallet_id,
            a.debtor_wallet_id, a.repaid, s.currency, v_id, a.id, v_at);
        end if;
        update allotment set amount = 0, repaid = 0, treated = 0 where id = a.id;
        perform ledger_tell('allotment_changed', a.debtor_wallet_id, a.id, v_at);
      end loop;
    end if;
  end if;
  return ledger_answer(v_id);
end $$;

create function ledger_refund(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'refundId';
  v_settlement uuid := c ->> 'settlementId';
  v_amount bigint := c #>> '{amount,amount}';
  v_at bigint := c ->> 'atMs';
  v_group jsonb := nullif(c -> 'group', 'null');
  v_before bigint;
  v_over bigint;
  v_taken bigint;
  s settlement;
  f refund;
  a allotment;
  shrink record;
begin
  select * into s from settlement where id = v_settlement for update;
  if not found or s.store_id <> (c ->> 'storeId')::uuid then return ledger_refuse('not_found'); end if;
  select * into f from refund where id = v_id;
  if found then
    if f.request_hash <> c ->> 'hash' then return ledger_refuse('duplicate_mismatch'); end if;
    return jsonb_build_object('type', 'refund', 'row', to_jsonb(f));
  end if;
  if exists (select from transfer where id = v_id) or exists (select from settlement where id = v_id) then
    return ledger_refuse('duplicate_mismatch');
  end if;
  if s.state <> 'approved' or s.currency <> c #>> '{amount,currency}' then return ledger_refuse('not_refundable'); end if;
  if v_amount > s.amount - s.refunded then return ledger_refuse('refund_exceeds_settlement'); end if;
  select count(*) into v_before from refund where settlement_id = v_settlement;
  if exists (select from group_payment where id = v_settlement) then
    if v_group is null or (v_group ->> 'refundsBefore')::bigint <> v_before then return ledger_refuse('stale'); end if;
  elsif v_group is not null then
    return ledger_refuse('stale');
  end if;

  perform ledger_move(v_id, 'refund', s.store_id, s.wallet_id, v_amount, s.currency, v_settlement, null, v_at);
  update settlement set refunded = refunded + v_amount where id = v_settlement;
  insert into refund
    (id, settlement_id, terminal_id, request_hash, amount, currency, reason, refunded, number, lines, shrinks,
     booked_at_ms)
  values
    (v_id, v_settlement, (c ->> 'terminalId')::uuid, c ->> 'hash', v_amount, s.currency, c ->> 'reason',
     s.refunded + v_amount, v_before + 1, v_group ->> 'lines', v_group ->> 'shrinksText', v_at)
  returning * into f;
  perform ledger_tell('refunded', s.wallet_id, v_id, v_at);

  for shrink in
    select value ->> 'guestId' as guest, (value ->> 'amount')::bigint as amount
    from jsonb_array_elements(v_group -> 'shrinks') with ordinality order by ordinality
  loop
    select * into a from allotment where group_payment_id = v_settlement and guest_id = shrink.guest;
    continue when not found or shrink.amount = 0;
    v_over := greatest(a.repaid + a.treated - (a.amount - shrink.amount), 0);
    v_taken := least(a.treated, v_over);
    update allotment set amount = amount - shrink.amount, treated = treated - v_taken,
      repaid = repaid - (v_over - v_taken)
    where id = a.id;
    if v_over > v_taken then
      perform ledger_move(ledger_derived_id(v_id, a.id::text), 'repayment_return', s.wallet_id, a.debtor_wallet_id,
        v_over - v_taken, s.currency, v_settlement, a.id, v_at);
    end if;
    perform ledger_tell('allotment_changed', a.debtor_wallet_id, a.id, v_at);
  end loop;
  return jsonb_build_object('type', 'refund', 'row', to_jsonb(f));
end $$;

create function ledger_reload(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'reloadId';
  v_wallet uuid := c ->> 'walletId';
  v_amount bigint := c #>> '{amount,amount}';
  v_at bigint := c ->> 'atMs';
  v_paid bigint;
  w account;
  t transfer;
begin
  select * into w from account where id = v_wallet and kind = 'wallet' for no key update;
  if not found or w.currency <> c #>> '{amount,currency}' then return ledger_refuse('not_found'); end if;
  select * into t from transfer where id = v_id;
  if found then
    if t.kind <> 'reload' or t.credit_account <> v_wallet or t.amount <> v_amount then
      return ledger_refuse('duplicate_mismatch');
    end if;
    return jsonb_build_object('type', 'reloaded', 'balance', w.balance);
  end if;
  if exists (select from settlement where id = v_id) then return ledger_refuse('duplicate_mismatch'); end if;

  perform ledger_move(v_id, 'reload', (c ->> 'fromAccount')::uuid, v_wallet, v_amount, w.currency, null, null, v_at);
  v_paid := least(w.owed, v_amount);
  if v_paid > 0 then
    perform ledger_move(ledger_derived_id(v_id, 'owed'), 'owed_paid', v_wallet, '${RECEIVABLE_ACCOUNT}', v_paid,
      w.currency, null, null, v_at);
    update account set owed = owed - v_paid where id = v_wallet;
  end if;
  perform ledger_tell('reloaded', v_wallet, v_id, v_at);
  return jsonb_build_object('type', 'reloaded', 'balance', w.balance + v_amount - v_paid);
end $$;

create function ledger_reverse_reload(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'reloadId';
  v_at bigint := c ->> 'atMs';
  t transfer;
  w account;
begin
  select * into t from transfer where id = v_id and kind = 'reload';
  if not found then return ledger_refuse('not_found'); end if;
  select * into w from account where id = t.credit_account for no key update;
  if exists (select from transfer where id = ledger_derived_id(v_id, 'reversal')) then
    return jsonb_build_object('type', 'reversed');
  end if;
  if exists (
    select from transfer
    where id in (ledger_derived_id(v_id, 'chargeback'), ledger_derived_id(v_id, 'chargeback-owed'))
  ) then
    return ledger_refuse('not_refundable');
  end if;
  if w.balance - w.held < t.amount then return ledger_refuse('insufficient_funds'); end if;
  perform ledger_move(ledger_derived_id(v_id, 'reversal'), 'reload_reversal', t.credit_account, t.debit_account, t.amount,
    t.currency, null, null, v_at);
  perform ledger_tell('reload_reversed', t.credit_account, v_id, v_at);
  return jsonb_build_object('type', 'reversed');
end $$;

create function ledger_charge_back(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'reloadId';
  v_at bigint := c ->> 'atMs';
  v_taken bigint;
  v_owed bigint;
  t transfer;
  w account;
begin
  select * into t from transfer where id = v_id and kind = 'reload';
  if not found then return ledger_refuse('not_found'); end if;
  select * into w from account where id = t.credit_account for no key update;
  select coalesce(sum(amount) filter (where id = ledger_derived_id(v_id, 'chargeback')), 0),
    sum(amount)
  into v_taken, v_owed
  from transfer where id in (ledger_derived_id(v_id, 'chargeback'), ledger_derived_id(v_id, 'chargeback-owed'));
  if v_owed is not null then
    return jsonb_build_object('type', 'charged_back', 'taken', v_taken, 'owed', v_owed - v_taken);
  end if;
  if exists (select from transfer where id = ledger_derived_id(v_id, 'reversal')) then
    return ledger_refuse('not_refundable');
  end if;
  v_taken := least(t.amount, w.balance - w.held);
  v_owed := t.amount - v_taken;
  if v_taken > 0 then
    perform ledger_move(ledger_derived_id(v_id, 'chargeback'), 'chargeback', t.credit_account, t.debit_account, v_taken,
      t.currency, null, null, v_at);
  end if;
  if v_owed > 0 then
    perform ledger_move(ledger_derived_id(v_id, 'chargeback-owed'), 'chargeback', '${RECEIVABLE_ACCOUNT}',
      t.debit_account, v_owed, t.currency, null, null, v_at);
    update account set owed = owed + v_owed where id = t.credit_account;
  end if;
  perform ledger_tell('charged_back', t.credit_account, v_id, v_at);
  return jsonb_build_object('type', 'charged_back', 'taken', v_taken, 'owed', v_owed);
end $$;

create function ledger_repay(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'repaymentId';
  v_wallet uuid := c ->> 'walletId';
  v_amount bigint := c #>> '{amount,amount}';
  v_at bigint := c ->> 'atMs';
  v_open bigint;
  a allotment;
  w account;
  p repayment;
begin
  select * into a from allotment where id = (c ->> 'allotmentId')::uuid for no key update;
  if not found or a.debtor_wallet_id <> v_wallet or a.currency <> c #>> '{amount,currency}' then
    return ledger_refuse('not_found');
  end if;
  select * into w from account where id = v_wallet for no key update;
  if w.currency <> a.currency then return ledger_refuse('not_found'); end if;
  select * into p from repayment where id = v_id;
  if found then
    if p.allotment_id <> a.id or p.amount <> v_amount then return ledger_refuse('duplicate_mismatch'); end if;
    return jsonb_build_object('type', 'repaid', 'open', p.open_after, 'balance', w.balance);
  end if;
  if exists (select from settlement where id = v_id) or exists (select from transfer where id = v_id) then
    return ledger_refuse('duplicate_mismatch');
  end if;
  v_open := a.amount - a.repaid - a.treated;
  if v_open = 0 or v_amount > v_open then return ledger_refuse('nothing_open'); end if;
  if (select is_locked from wallet where id = v_wallet) = 1 then return ledger_refuse('wallet_locked'); end if;
  if w.balance - w.held < v_amount then return ledger_refuse('insufficient_funds'); end if;
  perform ledger_move(v_id, 'repayment', v_wallet, a.creditor_wallet_id, v_amount, a.currency, a.group_payment_id, a.id,
    v_at);
  update allotment set repaid = repaid + v_amount where id = a.id;
  insert into repayment (id, allotment_id, amount, open_after, booked_at_ms)
  values (v_id, a.id, v_amount, v_open - v_amount, v_at);
  perform ledger_tell('repaid', v_wallet, v_id, v_at);
  perform ledger_tell('repaid', a.creditor_wallet_id, v_id, v_at);
  return jsonb_build_object('type', 'repaid', 'open', v_open - v_amount, 'balance', w.balance - v_amount);
end $$;

create function ledger_treat(c jsonb) returns jsonb language plpgsql as $$
declare
  v_id uuid := c ->> 'groupPaymentId';
  v_at bigint := c ->> 'atMs';
  v_asked uuid[] := array(select jsonb_array_elements_text(c -> 'allotmentIds')::uuid);
  v_changed uuid[] := '{}';
  g group_payment;
  a allotment;
begin
  select * into g from group_payment where id = v_id;
  if not found or g.state = 'cancelled' or g.payer_wallet_id <> (c ->> 'walletId')::uuid then
    return ledger_refuse('not_found');
  end if;
  if exists (
    select from unnest(v_asked) as asked(id)
    where not exists (select from allotment where allotment.id = asked.id and group_payment_id = v_id)
  ) then
    return ledger_refuse('not_found');
  end if;
  for a in
    select * from allotment
    where group_payment_id = v_id and (cardinality(v_asked) = 0 or id = any(v_asked)) and amount - repaid - treated > 0
    order by id for no key update
  loop
    update allotment set treated = amount - repaid, treated_at_ms = v_at where id = a.id;
    perform ledger_tell('treated', a.debtor_wallet_id, a.id, v_at);
    v_changed := v_changed || a.id;
  end loop;
  return jsonb_build_object('type', 'treated', 'allotmentIds', to_jsonb(v_changed));
end $$;

create function ledger_place_hold(c jsonb) returns jsonb language plpgsql as $$
declare
  v_wallet uuid := c ->> 'walletId';
  v_target bigint := c ->> 'target';
  v_promised bigint := c ->> 'promisedUntilMs';
  v_expires bigint := c ->> 'expiresAtMs';
  v_at bigint := c ->> 'atMs';
  v_remaining bigint := 0;
  v_new bigint;
  w account;
  h hold;
begin
  select * into w from account where id = v_wallet and kind = 'wallet' for no key update;
  if not found then return ledger_refuse('not_found'); end if;
  if (select is_locked from wallet where id = v_wallet) = 1 then return ledger_refuse('wallet_locked'); end if;
  select * into h from hold where wallet_id = v_wallet and state = 'pending';
  if h.expires_at_ms <= v_at then
    update hold set state = 'expired', closed_at_ms = v_at where id = h.id;
    update account set held = held - (h.amount - h.posted) where id = v_wallet returning * into w;
    h := null;
  end if;
  if h.id is not null then
    v_remaining := h.amount - h.posted;
  -- A request that comes again after its hold has ended, where a new hold would be a surprise.
  elsif exists (select from hold where id = (c ->> 'holdId')::uuid) then
    return ledger_refuse('duplicate_mismatch');
  end if;
  v_new := greatest(
    case when v_at < h.promised_until_ms then v_remaining else 0 end,
    least(v_target, w.balance - w.held + v_remaining)
  );
  if v_new = 0 then
    if h.id is not null then
      update hold set state = 'voided', closed_at_ms = v_at where id = h.id;
      update account set held = held - v_remaining where id = v_wallet;
    end if;
    return jsonb_build_object('type', 'held', 'remaining', 0, 'expiresAtMs', v_expires);
  end if;
  if h.id is null then
    insert into hold (id, wallet_id, state, amount, currency, placed_at_ms, promised_until_ms, expires_at_ms)
    values ((c ->> 'holdId')::uuid, v_wallet, 'pending', v_new, w.currency, v_at, v_promised, v_expires)
    returning * into h;
  else
    update hold set amount = posted + v_new,
      promised_until_ms = case when v_target > 0 then greatest(promised_until_ms, v_promised) else promised_until_ms end,
      expires_at_ms = case when v_target > 0 then greatest(expires_at_ms, v_expires) else expires_at_ms end
    where id = h.id returning * into h;
  end if;
  update account set held = held + v_new - v_remaining where id = v_wallet;
  return jsonb_build_object('type', 'held', 'remaining', v_new, 'expiresAtMs', h.expires_at_ms);
end $$;

create function ledger_release_holds(c jsonb) returns jsonb language plpgsql as $$
declare
  v_at bigint := c ->> 'atMs';
  v_count bigint;
begin
  with expired as (
    update hold set state = 'expired', closed_at_ms = v_at where state = 'pending' and expires_at_ms <= v_at
    returning wallet_id, amount - posted as remaining
  ), freed as (
    update account set held = held - remaining from expired where account.id = wallet_id
    returning 1
  )
  select count(*) into v_count from freed;
  return jsonb_build_object('type', 'released', 'count', v_count);
end $$;

-- In the order of the list, each seeing what those before it did.
create function ledger_commands(p_commands jsonb) returns jsonb language plpgsql
  set enable_seqscan = off set jit = off
as $$
declare
  c jsonb;
  outcomes jsonb[] := '{}';
begin
  for c in select value from jsonb_array_elements(p_commands) with ordinality order by ordinality loop
    outcomes := outcomes || case c ->> 'type'
      when 'cancel' then ledger_cancel(c)
      when 'refund' then ledger_refund(c)
      when 'reload' then ledger_reload(c)
      when 'reverse_reload' then ledger_reverse_reload(c)
      when 'charge_back' then ledger_charge_back(c)
      when 'repay' then ledger_repay(c)
      when 'treat' then ledger_treat(c)
      when 'place_hold' then ledger_place_hold(c)
      when 'release_holds' then ledger_release_holds(c)
    end;
  end loop;
  return to_jsonb(outcomes);
end $$;
`;
