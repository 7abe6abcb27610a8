-- One row per line: a subscription of a customer, as it is now.
-- customer_id: key. The customer whose line it is.
-- subscription_id: key. The line, named within its customer.
-- partition: first. The partition that holds the line's entries.
-- order_id: first. The order that the line was made by.
-- item_id: first. The item of that order.
-- family: first. mobile, broadband, fixed_line or iot.
-- area: first. urban or rural.
-- joined_by: first. new, port_in or transfer_in.
-- hall: first. The hall that sold the line.
-- clerk: first. The clerk who sold it.
-- plan_id: last. The plan.
-- tariff_version: last. The version of the plan's tariff.
-- monthly_fen: last. What the plan costs a month, in fen.
-- prepared_at: first. When it was prepared, UTC.
-- activated_at: first. Since when it is in service, UTC; null where it never was.
-- counts_towards_limit: first. Whether it counts towards the legal limit of numbers per person.
-- is_suspended: last. Whether it is suspended.
-- cancelled_at: first. When it was cancelled before it came into service, UTC.
-- terminated_at: first. When it ended, UTC; null while it stands.
-- termination_reason: first. Why it ended.
-- is_early: first. Whether it ended so soon that the clerk's result is taken back.
with said as (
    select
        owner_id,
        subscription_id,
        partition,
        event_number,
        order_id,
        item_id,
        family,
        area,
        joined_by,
        plan_id,
        tariff_version,
        monthly_fen,
        happened_at as prepared_at
    from subscription_prepared
    union all by name
    select
        owner_id,
        subscription_id,
        partition,
        event_number,
        hall_id as hall,
        sold_by as clerk,
        active_since_at as activated_at,
        counts_towards_limit,
        false as is_suspended
    from subscription_activated
    union all by name
    select owner_id, subscription_id, partition, event_number, happened_at as cancelled_at
    from subscription_cancelled
    union all by name
    select owner_id, subscription_id, partition, event_number, true as is_suspended
    from subscription_suspended
    union all by name
    select owner_id, subscription_id, partition, event_number, false as is_suspended
    from subscription_resumed
    union all by name
    select
        owner_id,
        subscription_id,
        partition,
        event_number,
        plan_id,
        tariff_version,
        monthly_fen
    from subscription_plan_changed
    union all by name
    select
        owner_id,
        subscription_id,
        partition,
        event_number,
        terminated_at,
        reason as termination_reason,
        early as is_early
    from subscription_terminated
)

select
    owner_id as customer_id,
    subscription_id,
    any_value(partition) as partition,
    any_value(order_id) as order_id,
    any_value(item_id) as item_id,
    any_value(family) as family,
    any_value(area) as area,
    any_value(joined_by) as joined_by,
    any_value(hall) as hall,
    any_value(clerk) as clerk,
    arg_max(plan_id, event_number) as plan_id,
    arg_max(tariff_version, event_number) as tariff_version,
    arg_max(monthly_fen, event_number) as monthly_fen,
    any_value(prepared_at) as prepared_at,
    any_value(activated_at) as activated_at,
    any_value(counts_towards_limit) as counts_towards_limit,
    arg_max(is_suspended, event_number) as is_suspended,
    any_value(cancelled_at) as cancelled_at,
    any_value(terminated_at) as terminated_at,
    any_value(termination_reason) as termination_reason,
    any_value(is_early) as is_early
from said
group by owner_id, subscription_id

-- check: Every line was prepared.
select customer_id, subscription_id from lines where prepared_at is null or family is null

-- check: A line that ended was in service, and one that was cancelled never was.
select customer_id, subscription_id from lines
where terminated_at is not null and activated_at is null
    or cancelled_at is not null and activated_at is not null

-- check: Every line was made by an order of its customer.
select customer_id, subscription_id from lines anti join orders using (customer_id, order_id)
