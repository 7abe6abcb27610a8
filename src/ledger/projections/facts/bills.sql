-- One row per bill of a line, as billing recorded it.
-- customer_id: key. The customer whose line it is.
-- subscription_id: key. The line.
-- bill_id: key. The bill, named within its line.
-- partition: first. The partition that holds the line's entries.
-- period: first. The month billed, as YYYY-MM.
-- recorded_at: first. When it was recorded, UTC by the source's time.
-- amount_fen: first. What it asks for, in fen.
-- due_on: first. Until when it is to be paid.
-- is_final: first. Whether it is the line's last.
-- is_abnormal: first. Whether it is so high that the customer must be told.
-- settled_fen: sum. What was paid of it, in fen.
-- last_settled_at: max. When it was last paid, UTC.
-- disputes: sum. How often it was disputed.
-- disputes_settled: sum. How many disputes were settled.
-- adjusted_fen: sum. What was taken off after disputes, in fen.
-- credited_fen: sum. What of that had been paid already and is the customer's again, in fen.
with said as (
    select
        owner_id,
        subscription_id,
        bill_id,
        partition,
        period,
        happened_at as recorded_at,
        amount_fen,
        due_on,
        final as is_final,
        abnormal as is_abnormal
    from subscription_bill_recorded
    union all by name
    select owner_id, subscription_id, bill_id, partition, settled_fen, settled_at
    from subscription_bill_settled
    union all by name
    select owner_id, subscription_id, bill_id, partition, 1 as disputes
    from subscription_bill_disputed
    union all by name
    select
        owner_id,
        subscription_id,
        bill_id,
        partition,
        1 as disputes_settled,
        adjusted_fen,
        credit_fen
    from subscription_dispute_settled
)

select
    owner_id as customer_id,
    subscription_id,
    bill_id,
    any_value(partition) as partition,
    any_value(period) as period,
    any_value(recorded_at) as recorded_at,
    any_value(amount_fen) as amount_fen,
    any_value(due_on) as due_on,
    any_value(is_final) as is_final,
    any_value(is_abnormal) as is_abnormal,
    cast(coalesce(sum(settled_fen), 0) as bigint) as settled_fen,
    max(settled_at) as last_settled_at,
    cast(count(disputes) as bigint) as disputes,
    cast(count(disputes_settled) as bigint) as disputes_settled,
    cast(coalesce(sum(adjusted_fen), 0) as bigint) as adjusted_fen,
    cast(coalesce(sum(credit_fen), 0) as bigint) as credited_fen
from said
group by owner_id, subscription_id, bill_id

-- check: Every bill was recorded.
select customer_id, subscription_id, bill_id from bills where recorded_at is null

-- check: No more is paid and taken off than a bill asks for, but for what is given back.
select customer_id, subscription_id, bill_id from bills
where settled_fen + adjusted_fen - credited_fen > amount_fen

-- check: No more disputes are settled than were raised.
select customer_id, subscription_id, bill_id from bills where disputes_settled > disputes
