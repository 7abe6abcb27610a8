-- One row per cash drawer: what one clerk took in and gave back in cash, the count, and the bank.
-- hall: key. The hall.
-- drawer_id: key. The drawer, named within its hall.
-- partition: first. The partition that holds the drawer's entries.
-- clerk: first. The clerk whose drawer it was; null where copies name a drawer nobody opened.
-- till_id: first. The till that it stands in.
-- shift_id: first. The shift in which it was opened.
-- business_on: first. The hall's local date of the opening.
-- opened_at: first. When it was opened, UTC.
-- float_fen: first. The change that it was opened with, in fen.
-- receipts: sum. Receipts put into it.
-- received_fen: sum. What these brought in, in fen.
-- payouts: sum. Payments given back out of it.
-- paid_out_fen: sum. What these took out, in fen.
-- late_copies: sum. Receipts and payouts that became known after a count.
-- unplaced: sum. Receipts and payouts that name it while it takes none: somebody must look.
-- unplaced_fen: sum. What these brought in less what they took out, in fen.
-- dropped_fen: sum. What went to the safe before the count, in fen.
-- limit_breaches: sum. How often too much cash lay in it for too long.
-- counts: sum. How often it was counted.
-- counted_at: last. When it was last counted, UTC.
-- witness: last. Who witnessed that count.
-- counted_fen: last. What was counted, in fen.
-- expected_fen: last. What should be in it, in fen.
-- difference_fen: last. What was counted less what was expected, in fen; less than 0 is short.
-- journal_gap_fen: last. The terminal's journal less the ledger's copies at that count, in fen.
-- discrepancies: sum. How often a difference was found that must be explained.
-- explain_by_at: last. Until when the latest was to be explained, UTC.
-- unexplained_at: last. When it was found not explained in time, UTC; null where it never was.
-- explained_at: last. When the latest was explained, UTC.
-- explained_by: last. Who explained it.
-- cause: last. What the difference came from, as explained.
-- booked_as: last. How it was booked.
-- closed_at: first. When it was closed, UTC; null while it is not.
-- to_deposit_fen: first. What was to go to the bank, in fen.
-- deposit_by_on: first. The day by which it was to go there.
-- deposited_at: first. When the deposit was recorded, UTC.
-- deposit_id: first. The deposit, which several drawers may share.
-- is_deposited_in_time: first. Whether the deposit was in time.
-- deposit_overdue_at: first. When the deposit was found overdue, UTC; null where it never was.
-- status: last. opened, counted, discrepant, explained, closed or deposited.
with came_in as (
    select *, 0 as late_copies from drawer_receipt_recorded
    union all by name
    select *, 1 as late_copies, 'counted' as status from drawer_receipt_late
),

went_out as (
    select *, 0 as late_copies from drawer_payout_recorded
    union all by name
    select *, 1 as late_copies, 'counted' as status from drawer_payout_late
),

said as (
    select
        *,
        actor as clerk,
        business_day(happened_at) as business_on,
        happened_at as opened_at,
        float_fen as expected_fen,
        'opened' as status
    from drawer_opened
    union all by name
    select *, 1 as receipts, amount_fen as received_fen from came_in
    union all by name
    select *, 1 as payouts, amount_fen as paid_out_fen from went_out
    union all by name
    select *, 1 as unplaced, amount_fen as unplaced_fen from drawer_receipt_unplaced
    union all by name
    select *, 1 as unplaced, -amount_fen as unplaced_fen from drawer_payout_unplaced
    union all by name
    select *, amount_fen as dropped_fen from drawer_dropped
    union all by name
    select * exclude (expected_fen), 1 as limit_breaches from drawer_limit_exceeded
    union all by name
    select *, 1 as counts, happened_at as counted_at, approver as witness, 'counted' as status
    from drawer_counted
    union all by name
    select *, 1 as discrepancies, 'discrepant' as status from drawer_discrepancy_found
    union all by name
    select *, happened_at as explained_at, actor as explained_by, 'explained' as status
    from drawer_discrepancy_explained
    union all by name
    select *, happened_at as unexplained_at from drawer_discrepancy_overdue
    union all by name
    select *, happened_at as closed_at, 'closed' as status from drawer_closed
    union all by name
    select *, happened_at as deposited_at, 'deposited' as status from drawer_deposited
    union all by name
    select *, happened_at as deposit_overdue_at from drawer_deposit_overdue
)

select
    owner_id as hall,
    drawer_id,
    any_value(partition) as partition,
    arg_min(clerk, event_number) as clerk,
    arg_min(till_id, event_number) as till_id,
    arg_min(shift_id, event_number) as shift_id,
    arg_min(business_on, event_number) as business_on,
    arg_min(opened_at, event_number) as opened_at,
    arg_min(float_fen, event_number) as float_fen,
    count(receipts) as receipts,
    cast(coalesce(sum(received_fen), 0) as bigint) as received_fen,
    count(payouts) as payouts,
    cast(coalesce(sum(paid_out_fen), 0) as bigint) as paid_out_fen,
    cast(coalesce(sum(late_copies), 0) as bigint) as late_copies,
    count(unplaced) as unplaced,
    cast(coalesce(sum(unplaced_fen), 0) as bigint) as unplaced_fen,
    cast(coalesce(sum(dropped_fen), 0) as bigint) as dropped_fen,
    count(limit_breaches) as limit_breaches,
    count(counts) as counts,
    arg_max(counted_at, event_number) as counted_at,
    arg_max(witness, event_number) as witness,
    arg_max(counted_fen, event_number) as counted_fen,
    arg_max(expected_fen, event_number) as expected_fen,
    arg_max(difference_fen, event_number) as difference_fen,
    arg_max(journal_gap_fen, event_number) as journal_gap_fen,
    count(discrepancies) as discrepancies,
    arg_max(explain_by_at, event_number) as explain_by_at,
    arg_max(unexplained_at, event_number) as unexplained_at,
    arg_max(explained_at, event_number) as explained_at,
    arg_max(explained_by, event_number) as explained_by,
    arg_max(cause, event_number) as cause,
    arg_max(booked_as, event_number) as booked_as,
    arg_min(closed_at, event_number) as closed_at,
    arg_min(to_deposit_fen, event_number) as to_deposit_fen,
    arg_min(deposit_by_on, event_number) as deposit_by_on,
    arg_min(deposited_at, event_number) as deposited_at,
    arg_min(deposit_id, event_number) as deposit_id,
    arg_min(in_time, event_number) as is_deposited_in_time,
    arg_min(deposit_overdue_at, event_number) as deposit_overdue_at,
    arg_max(status, event_number) as status
from said
group by owner_id, drawer_id

-- check: Every drawer was opened, or is only named by what has no place.
select hall, drawer_id from drawers
where opened_at is null
    and (unplaced = 0 or receipts + payouts + counts + discrepancies > 0 or closed_at is not null)

-- check: What should be in a drawer is its float and what came in, less what went out.
select hall, drawer_id from drawers
where opened_at is not null
    and expected_fen <> float_fen + received_fen - paid_out_fen - dropped_fen

-- check: The difference is what was counted less what should be in the drawer.
select hall, drawer_id from drawers
where counted_fen is not null and difference_fen <> counted_fen - expected_fen

-- check: Only a counted drawer is closed, and only a closed one deposited.
select hall, drawer_id from drawers
where (closed_at is not null and counts = 0) or (deposited_at is not null and closed_at is null)

-- check: A difference is not explained by the clerk of the drawer.
select hall, drawer_id from drawers where explained_by = clerk
