-- K36 Order cycle time (订单办理周期)
-- Formula: median and 90th percentile of submission to completion, over orders completed
-- Unit: h
-- Grain: hall, order kind, day
-- Target: kpi.order_cycle_hours
-- Direction: lower is better
-- hall: The hall that submitted the orders.
-- kind: The kind of order; null for all kinds together.
-- business_on: The hall's local date of the completion.
-- value: The median in hours.
-- numerator: Always null: a percentile is no ratio and days of it cannot be added.
-- denominator: Orders completed, whole or in part.
-- p90_hours: The shortest time that at least 90 in 100 orders did not exceed, in hours.
select
    hall,
    kind,
    ended_on as business_on,
    median(cycle_seconds) / 3600 as value,
    cast(null as bigint) as numerator,
    count(*) as denominator,
    quantile_disc(cycle_seconds, 0.9) / 3600 as p90_hours
from orders
where status in ('completed', 'partial')
group by grouping sets ((hall, kind, ended_on), (hall, ended_on))
