-- K14 Add-on attach rate (附加业务搭载率)
-- Formula: base orders completed with at least one add-on / base orders completed
-- Unit: %
-- Grain: hall, clerk, day
-- Target: kpi.add_on_attach_percent
-- Direction: higher is better
-- hall: The hall that submitted the orders.
-- clerk: The clerk who submitted them.
-- business_on: The hall's local date on which they were completed.
-- value: Percent; null where no base order was completed.
-- numerator: Base orders of which an add-on was completed, too.
-- denominator: Orders, completed at least in part, that brought a line or a change of plan.
with sold as (
    select
        customer_id,
        order_id,
        bool_or(family = 'add_on' and action = 'add') as has_add_on,
        bool_or(family not in ('add_on', 'device') and action in ('add', 'modify')) as has_base
    from order_items
    where status = 'completed'
    group by customer_id, order_id
)

select
    hall,
    clerk,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        orders.hall,
        orders.clerk,
        orders.ended_on as business_on,
        count(*) filter (sold.has_add_on) as numerator,
        count(*) as denominator
    from orders
    join sold using (customer_id, order_id)
    where orders.status in ('completed', 'partial')
        and orders.kind in ('activation', 'plan_change', 'service_upgrade')
        and sold.has_base
    group by orders.hall, orders.clerk, orders.ended_on
)
