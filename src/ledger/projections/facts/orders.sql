-- One row per order, from its draft to its end.
-- customer_id: key. The customer whose order it is.
-- order_id: key. The order, named within its customer.
-- partition: first. The partition that holds the order's entries.
-- kind: first. activation, plan_change, service_upgrade, suspension, sim_replacement and so on.
-- subscription_id: first. The line that it changes or ends; null for one that adds lines.
-- hall: last. The hall that submitted it, or placed it while it is a draft.
-- counter: last. The counter where that was.
-- clerk: last. The clerk who submitted it, or placed it while it is a draft.
-- visit: last. The visit in which that was.
-- placed_at: first. When it was placed, UTC.
-- verification_id: last. The verification of identity that it rests on.
-- submitted_at: first. When it was submitted, UTC; null for a draft.
-- business_on: first. The hall's local date of the submission; null for a draft.
-- total_once_fen: first. What the items cost once, in fen.
-- total_monthly_fen: first. What the items cost a month, in fen.
-- expected_completion_at: first. When it is to be completed by law, UTC.
-- started_at: first. When work on it started, UTC.
-- fall_outs: sum. How often an item fell out of the systems, to be set right by hand.
-- overdue_at: first. When it was found overdue, UTC; null where it never was.
-- ended_at: first. When it ended, UTC; null while it is open.
-- ended_on: first. The hall's local date of the end.
-- end_reason: first. Why it was rejected or cancelled.
-- cycle_seconds: first. From submission to the end of work on it, in seconds.
-- is_in_time: first. Whether work on it ended in the time that the law sets.
-- late_days: first. Days by which it was late, each day begun counted.
-- late_penalty_fen: first. What is owed for being late, in fen.
-- status: last. draft, acknowledged, in_progress, or how it ended: completed, partial, failed,
--   rejected or cancelled; waiting for something leaves it as it is.
with ended as (
    select
        *,
        cast(null as varchar) as end_reason,
        'completed' as status
    from order_completed
    union all by name
    select *, 'partial' as status from order_partially_completed
    union all by name
    select *, 'failed' as status from order_failed
    union all by name
    select *, reason as end_reason, 'rejected' as status from order_rejected
    union all by name
    select *, reason as end_reason, 'cancelled' as status from order_cancelled
),

said as (
    select
        owner_id,
        order_id,
        partition,
        event_number,
        kind,
        subscription_id,
        hall,
        counter,
        actor as clerk,
        visit,
        happened_at as placed_at,
        'draft' as status
    from order_placed
    union all by name
    select owner_id, order_id, partition, event_number, verification_id
    from order_identity_attached
    union all by name
    select
        owner_id,
        order_id,
        partition,
        event_number,
        hall,
        counter,
        actor as clerk,
        visit,
        happened_at as submitted_at,
        total_once_fen,
        total_monthly_fen
    from order_submitted
    union all by name
    select
        owner_id,
        order_id,
        partition,
        event_number,
        expected_completion_at,
        'acknowledged' as status
    from order_acknowledged
    union all by name
    select
        owner_id,
        order_id,
        partition,
        event_number,
        happened_at as started_at,
        'in_progress' as status
    from order_started
    union all by name
    select owner_id, order_id, partition, event_number, 1 as fall_outs from order_fell_out
    union all by name
    select owner_id, order_id, partition, event_number, happened_at as overdue_at
    from order_overdue
    union all by name
    select
        owner_id,
        order_id,
        partition,
        event_number,
        happened_at as ended_at,
        end_reason,
        cycle_seconds,
        in_time,
        late_days,
        late_penalty_fen,
        status
    from ended
)

select
    owner_id as customer_id,
    order_id,
    any_value(partition) as partition,
    any_value(kind) as kind,
    any_value(subscription_id) as subscription_id,
    arg_max(hall, event_number) as hall,
    arg_max(counter, event_number) as counter,
    arg_max(clerk, event_number) as clerk,
    arg_max(visit, event_number) as visit,
    any_value(placed_at) as placed_at,
    arg_max(verification_id, event_number) as verification_id,
    any_value(submitted_at) as submitted_at,
    any_value(business_day(submitted_at)) as business_on,
    any_value(total_once_fen) as total_once_fen,
    any_value(total_monthly_fen) as total_monthly_fen,
    any_value(expected_completion_at) as expected_completion_at,
    any_value(started_at) as started_at,
    cast(count(fall_outs) as bigint) as fall_outs,
    any_value(overdue_at) as overdue_at,
    any_value(ended_at) as ended_at,
    any_value(business_day(ended_at)) as ended_on,
    any_value(end_reason) as end_reason,
    any_value(cycle_seconds) as cycle_seconds,
    any_value(in_time) as is_in_time,
    any_value(late_days) as late_days,
    any_value(late_penalty_fen) as late_penalty_fen,
    arg_max(status, event_number) as status
from said
group by owner_id, order_id

-- check: Every order was placed.
select customer_id, order_id from orders where placed_at is null or kind is null

-- check: Work is done on submitted orders only, and a submitted order has its limit.
select customer_id, order_id from orders
where (coalesce(started_at, overdue_at) is not null or cycle_seconds is not null or fall_outs > 0)
    and submitted_at is null
    or (submitted_at is null) <> (expected_completion_at is null)

-- check: An order that work was done on says how long it took, and whether that was in time.
select customer_id, order_id from orders
where (status in ('completed', 'partial', 'failed')) <> (cycle_seconds is not null)
    or is_in_time <> (late_days is null)

-- check: An order that has ended stays ended.
select customer_id, order_id from orders
where (ended_at is null) <> (status in ('draft', 'acknowledged', 'in_progress'))
