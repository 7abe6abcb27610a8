-- One row per step of an order's procedure, completed or skipped, and per deviation from its order.
-- partition: key. The partition of the entry behind it.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- customer_id: once. The customer whose order it is.
-- order_id: once. The order.
-- step_id: once. The step.
-- outcome: once. completed, skipped, or out_of_order beside the step that was completed so.
-- reason: once. Why it was skipped.
-- expected_step_id: once. The step that should have come before.
-- seconds: once. Since the step before, in seconds.
-- hall: once. The hall.
-- clerk: once. The clerk, or system:<name>.
-- approver: once. The second person, as the source names one.
-- happened_at: once. When it happened, UTC.
-- business_on: once. The hall's local date of that.
with said as (
    select *, 'completed' as outcome, seconds_since_previous as seconds from order_step_completed
    union all by name
    select *, 'skipped' as outcome from order_step_skipped
    union all by name
    select *, 'out_of_order' as outcome from order_deviation_detected
)

select
    partition,
    event_number,
    position,
    owner_id as customer_id,
    order_id,
    step_id,
    outcome,
    reason,
    expected_step_id,
    seconds,
    hall,
    actor as clerk,
    approver,
    happened_at,
    business_day(happened_at) as business_on
from said

-- check: No step is done twice.
select customer_id, order_id, step_id from order_steps
group by customer_id, order_id, step_id, outcome = 'out_of_order'
having count(*) > 1

-- check: A skipped step has a second person.
select partition, event_number from order_steps
where outcome = 'skipped' and (approver is null or approver = clerk)
