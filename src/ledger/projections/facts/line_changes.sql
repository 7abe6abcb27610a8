-- One row per change of a line that is sold or ends: itself, its plan, or an add-on.
-- partition: key. The partition of the entry behind it.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- customer_id: once. The customer whose line it is.
-- subscription_id: once. The line.
-- kind: once. activated, terminated, plan_changed, product_added or product_removed.
-- family: once. The family of a line that was activated or terminated.
-- product_id: once. The add-on, or the new plan.
-- old_plan_id: once. The plan before.
-- monthly_fen: once. What the add-on or the new plan costs a month, in fen.
-- old_monthly_fen: once. What the plan before cost a month, in fen.
-- reason: once. Why the line ended.
-- active_numbers: once. The person's numbers in service with this change, where it is of a line.
-- counts_towards_limit: once. Whether a line that was activated counts towards the legal limit.
-- order_id: once. The order; null where the line ended without one.
-- hall: once. The hall of the sale, which for what ends is that of its own sale.
-- clerk: once. The clerk of that sale.
-- happened_at: once. When it happened, UTC.
-- business_on: once. The local date on which it took place.
-- sold_on: once. The local date from which the clock of an early end runs: of the line, the add-on.
-- is_early: once. Whether what ends does so early enough to be taken back from the clerk's results.
with said as (
    select
        *,
        'activated' as kind,
        business_day(active_since_at) as business_on,
        business_day(active_since_at) as sold_on
    from subscription_activated
    union all by name
    select
        *,
        'terminated' as kind,
        business_day(terminated_at) as business_on,
        business_day(active_since_at) as sold_on
    from subscription_terminated
    union all by name
    select
        *,
        'plan_changed' as kind,
        plan_id as product_id,
        business_day(happened_at) as business_on
    from subscription_plan_changed
    union all by name
    select
        *,
        'product_added' as kind,
        business_day(happened_at) as business_on,
        effective_on as sold_on
    from subscription_product_added
    union all by name
    select
        *,
        'product_removed' as kind,
        business_day(happened_at) as business_on,
        added_on as sold_on
    from subscription_product_removed
)

select
    partition,
    event_number,
    position,
    owner_id as customer_id,
    subscription_id,
    kind,
    family,
    product_id,
    old_plan_id,
    monthly_fen,
    old_monthly_fen,
    reason,
    active_numbers,
    counts_towards_limit,
    order_id,
    hall_id as hall,
    sold_by as clerk,
    happened_at,
    business_on,
    sold_on,
    early as is_early
from said

-- check: A line is activated and terminated once.
select customer_id, subscription_id, kind from line_changes
where kind in ('activated', 'terminated')
group by customer_id, subscription_id, kind
having count(*) > 1

-- check: What ends was sold before, in the same hall by the same clerk.
select ended.customer_id, ended.subscription_id, ended.product_id
from line_changes as ended
where ended.kind in ('terminated', 'product_removed')
    and not exists (
        select 1 from line_changes as sold
        where sold.customer_id = ended.customer_id
            and sold.subscription_id = ended.subscription_id
            and sold.event_number < ended.event_number
            and sold.kind
                = case ended.kind when 'terminated' then 'activated' else 'product_added' end
            and sold.product_id is not distinct from ended.product_id
            and sold.sold_on = ended.sold_on
            and sold.hall is not distinct from ended.hall
            and sold.clerk is not distinct from ended.clerk
    )
