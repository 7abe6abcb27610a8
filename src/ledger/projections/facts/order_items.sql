-- One row per item of an order: a product that is added, changed or ended.
-- customer_id: key. The customer whose order it is.
-- order_id: key. The order.
-- item_id: key. The item, named within its order.
-- partition: first. The partition that holds the order's entries.
-- action: first. add, modify, delete or no_change.
-- product_id: first. The product.
-- family: first. mobile, broadband, fixed_line, iot, add_on or device.
-- monthly_fen: first. What it costs a month, in fen.
-- once_fen: first. What it costs once, in fen.
-- contract_months: first. For how many months it binds; 0 where it does not.
-- fall_outs: sum. How often it fell out of the systems.
-- completed_at: first. When it was completed, UTC.
-- effective_at: first. Since when it is in service, UTC.
-- failed_at: first. When it failed, UTC.
-- fail_reason: first. Why it failed.
-- dropped_at: first. When the customer declined it, UTC.
-- status: last. open, completed, failed or dropped; the end of its order leaves it as it is.
with placed as (
    select owner_id, order_id, partition, event_number, unnest(items) as item from order_placed
),

said as (
    select
        owner_id,
        order_id,
        item.item_id,
        partition,
        event_number,
        item.action,
        item.product_id,
        item.family,
        item.monthly_fen,
        item.once_fen,
        item.contract_months,
        'open' as status
    from placed
    union all by name
    select
        owner_id,
        order_id,
        item_id,
        partition,
        event_number,
        happened_at as dropped_at,
        'dropped' as status
    from order_item_dropped
    union all by name
    select
        owner_id,
        order_id,
        item_id,
        partition,
        event_number,
        happened_at as completed_at,
        effective_at,
        'completed' as status
    from order_item_completed
    union all by name
    select
        owner_id,
        order_id,
        item_id,
        partition,
        event_number,
        happened_at as failed_at,
        reason as fail_reason,
        'failed' as status
    from order_item_failed
    union all by name
    select owner_id, order_id, item_id, partition, event_number, 1 as fall_outs
    from order_fell_out
)

select
    owner_id as customer_id,
    order_id,
    item_id,
    any_value(partition) as partition,
    any_value(action) as action,
    any_value(product_id) as product_id,
    any_value(family) as family,
    any_value(monthly_fen) as monthly_fen,
    any_value(once_fen) as once_fen,
    any_value(coalesce(contract_months, 0)) filter (action is not null) as contract_months,
    cast(count(fall_outs) as bigint) as fall_outs,
    any_value(completed_at) as completed_at,
    any_value(effective_at) as effective_at,
    any_value(failed_at) as failed_at,
    any_value(fail_reason) as fail_reason,
    any_value(dropped_at) as dropped_at,
    arg_max(status, event_number) as status
from said
group by owner_id, order_id, item_id

-- check: Every item stands in its order.
select customer_id, order_id, item_id from order_items where action is null

-- check: An item ends once.
select customer_id, order_id, item_id from order_items
where (completed_at is not null and failed_at is not null)
    or (coalesce(completed_at, failed_at) is not null and dropped_at is not null)

-- check: No item of an order that was worked off is open.
select order_items.customer_id, order_items.order_id, order_items.item_id
from order_items
join orders using (customer_id, order_id)
where order_items.status = 'open' and orders.status in ('completed', 'partial', 'failed')
