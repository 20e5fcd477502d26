import { declineReasons } from '#contract/settlement.ts';

/** What became of a settlement: 0 booked, 1 to 8 the place of its reason to decline, 9 the id was seen before. */
export const APPROVED = 0;
export const SEEN = 9;

const reasonOf = (reason: (typeof declineReasons)[number]): number => declineReasons.indexOf(reason) + 1;

/**
 * The hot path: one call books a list of settlements whose ids are all different.
 *
 * First one ordered lock on every wallet that the list concerns, so that two servers never wait for each other. The next
 * statement has a snapshot of its own and so sees what the lock has waited for. It judges and writes all settlements
 * that do not depend on one another: where a wallet pays more than once in the list, its second payment is judged in the
 * second round, when the first is in the tables, and so on.
 *
 * The planner is told what it cannot know of arrays: that a list is short beside the tables, so every table is reached
 * through an index. Left alone it reads all wallets for a list of 240.
 */
export const settleFunction = `
create type ledger_settle_row as (
  round int, bad smallint, is_offline smallint, amount bigint, fee bigint, per_payment bigint, per_day bigint,
  per_month bigint, day bigint, month bigint, counter bigint, captured_at bigint, at bigint, id uuid, store uuid,
  terminal uuid, check_id uuid, wallet uuid, currency text, hash text, alias text, member text, name text, method text
);

create function ledger_settle(
  p_accounts uuid[], p_rows ledger_settle_row[], p_rounds int, p_any_offline int,
  -- Groups, by the place of their settlement, and their allotments by the same.
  g_of int[], g_own bigint[], g_walk_in bigint[], g_record text[],
  a_of int[], a_id uuid[], a_wallet uuid[], a_amount bigint[], a_guest text[],
  out verdicts text, out seen json
) language plpgsql
  set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off set jit = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  r record;
  v_places int[];
  v_verdicts int[];
  v_verdict int[];
  v_used bigint[];
begin
  -- Where a list is one round of plain payments, its rows come in the order of the wallets and lock them one by one.
  if cardinality(p_accounts) > 0 then
    perform 1 from account where id = any(p_accounts) order by id for no key update;
  end if;

  if p_any_offline = 1 then
    -- A decline that the terminal never received may come again as what it accepted alone: that is judged anew.
    delete from settlement using unnest(p_rows) as x
    where settlement.id = x.id and x.is_offline = 1 and state = 'declined' and mode = 'online'
      and store_id = x.store and request_hash = x.hash;
  end if;

  for v_round in 1 .. p_rounds loop
    with judged as materialized (
      select x.*, a.balance, a.held, a.last_day, a.last_month, a.in_day, a.in_month, case x.is_offline when 1 then least(a.held, x.amount) else 0 end as used,
        case
          when (select 1 from settlement where settlement.id = x.id) is not null then ${SEEN}
          when (select 1 from transfer where transfer.id = x.id) is not null then ${SEEN}
          when x.bad > 0 then x.bad
          when (select 1 from settlement where alias = x.alias and settlement.counter = x.counter and was_booked = 1) is not null
            then ${reasonOf('token_replayed')}
          when a.balance is null then ${reasonOf('token_invalid')}
          when a.is_locked = 1 and x.is_offline = 0 then ${reasonOf('wallet_locked')}
          when a.currency <> x.currency then ${reasonOf('currency_mismatch')}
          when x.amount > least(x.per_payment, a.per_payment_limit) then ${reasonOf('limit_exceeded')}
          when x.is_offline = 1 then
            case when a.balance < x.amount then ${reasonOf('insufficient_funds')} else ${APPROVED} end
          when a.in_day + x.amount > x.per_day or a.in_month + x.amount > x.per_month
            then ${reasonOf('limit_exceeded')}
          when a.balance - a.held < x.amount then ${reasonOf('insufficient_funds')}
          else ${APPROVED}
        end as verdict,
        a.balance is not null and x.bad = 0 as is_told
      from unnest(p_rows) with ordinality as
        x(round, bad, is_offline, amount, fee, per_payment, per_day, per_month, day, month, counter, captured_at, at, id,
          store, terminal, check_id, wallet, currency, hash, alias, member, name, method, ord)
      left join lateral (
        select balance, held, account.currency, is_locked, per_payment_limit,
          greatest(x.day, spent_day) as last_day, greatest(x.month, spent_month) as last_month,
          case when x.day > spent_day then 0 else spent_in_day end as in_day,
          case when x.month > spent_month then 0 else spent_in_month end as in_month
        from account join wallet on wallet.id = account.id
        where account.id = x.wallet
        for no key update of account
      ) as a on true
      where x.round = v_round
    ), inserted as (
      insert into settlement
        (id, store_id, terminal_id, check_id, wallet_id, amount, fee, counter, booked_at_ms, captured_at_ms, was_booked,
         state, mode, currency, request_hash, alias, member_ref, masked_name, settlement_method, reason)
      select id, store, terminal, check_id, case verdict when ${APPROVED} then wallet end, amount,
        case verdict when ${APPROVED} then fee else 0 end, case verdict when ${APPROVED} then counter end, at, captured_at,
        case verdict when ${APPROVED} then 1 else 0 end, case verdict when ${APPROVED} then 'approved' else 'declined' end,
        case is_offline when 1 then 'offline' else 'online' end, currency, hash, alias,
        case verdict when ${APPROVED} then member end, case verdict when ${APPROVED} then name end,
        case verdict when ${APPROVED} then method end,
        case when verdict > ${APPROVED} then ('{${declineReasons.join(',')}}'::text[])[verdict] end
      from judged where verdict <> ${SEEN}
    ), spent as (
      -- From what was locked: this statement may still see the row as it was before another server changed it.
      update account set balance = judged.balance - amount, held = judged.held - used,
        spent_day = last_day, spent_in_day = in_day + amount,
        spent_month = last_month, spent_in_month = in_month + amount
      from judged where account.id = judged.wallet and verdict = ${APPROVED}
    ), told as (
      -- Under the wallets' locks, so that a wallet's numbers rise in the order of its commits.
      insert into outbox (at_ms, wallet_id, check_id, ref_id, type)
      select at, wallet, check_id, id, case verdict when ${APPROVED} then 'settled' else 'declined' end
      from judged where verdict <> ${SEEN} and is_told
    )
    select array_agg(ord::int), array_agg(verdict), array_agg(used) into v_places, v_verdicts, v_used from judged;

    if p_any_offline = 1 then
      update hold set posted = posted + x.used,
        state = case when posted + x.used = amount then 'posted' else state end,
        closed_at_ms = case when posted + x.used = amount then x.at end
      from (
        select p_rows[place] as row, used from unnest(v_places, v_verdicts, v_used) as done(place, verdict, used)
        where verdict = ${APPROVED} and used > 0
      ) as booked, lateral (select (booked.row).wallet, (booked.row).at, booked.used) as x
      where hold.wallet_id = x.wallet and hold.state = 'pending';
    end if;

    if p_rounds = 1 then
      v_verdict := v_verdicts;
    else
      if v_round = 1 then v_verdict := array_fill(0, array[cardinality(p_rows)]); end if;
      for i in 1 .. cardinality(v_places) loop
        v_verdict[v_places[i]] := v_verdicts[i];
      end loop;
    end if;
  end loop;

  if cardinality(g_of) > 0 then
    insert into group_payment
      (id, payer_wallet_id, store_id, check_id, amount, own_share, walk_in_share, booked_at_ms, state, currency, record)
    select (x.paid).id, (x.paid).wallet, (x.paid).store, (x.paid).check_id, (x.paid).amount, x.own, x.walk_in,
      (x.paid).at, 'valid', (x.paid).currency, x.record
    from (
      select p_rows[place] as paid, own, walk_in, record from unnest(g_of, g_own, g_walk_in, g_record) as
        g(place, own, walk_in, record)
      where v_verdict[place] = ${APPROVED}
    ) as x;

    with allotted as (
      insert into allotment
        (id, group_payment_id, creditor_wallet_id, debtor_wallet_id, amount, original_amount, booked_at_ms, guest_id,
         currency)
      select x.id, (x.paid).id, (x.paid).wallet, x.wallet, x.amount, x.amount, (x.paid).at, x.guest, (x.paid).currency
      from (
        select p_rows[place] as paid, id, wallet, amount, guest from unnest(a_of, a_id, a_wallet, a_amount, a_guest) as
          a(place, id, wallet, amount, guest)
        where v_verdict[place] = ${APPROVED}
      ) as x
      returning id, debtor_wallet_id, booked_at_ms
    )
    insert into outbox (at_ms, wallet_id, ref_id, type)
    select booked_at_ms, debtor_wallet_id, id, 'allotted' from allotted;
  end if;

  verdicts := array_to_string(v_verdict, '');
  if position('${SEEN}' in verdicts) > 0 then
    select json_agg(json_build_object('place', x.place, 'row', to_json(settlement), 'record', group_payment.record))
    into seen
    from unnest(p_rows, v_verdict) with ordinality as x(round, bad, is_offline, amount, fee, per_payment, per_day,
      per_month, day, month, counter, captured_at, at, id, store, terminal, check_id, wallet, currency, hash, alias,
      member, name, method, verdict, place)
    left join settlement on settlement.id = x.id
    left join group_payment on group_payment.id = x.id
    where x.verdict = ${SEEN};
  end if;
end $$;
`;
