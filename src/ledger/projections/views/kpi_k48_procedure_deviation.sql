-- K48 Procedure deviation rate (流程偏差率)
-- Formula: 1000 x (steps skipped + steps completed out of order) / steps completed or skipped
-- Unit: per 1k
-- Grain: hall, clerk, day
-- Target: kpi.deviation_permille
-- Direction: lower is better
-- hall: The hall.
-- clerk: The clerk who completed or skipped the steps.
-- business_on: The hall's local date of that.
-- value: Per thousand; null where no step was due.
-- numerator: Steps skipped, and steps completed before one that comes first.
-- denominator: Steps completed or skipped; submitting itself is counted by K35.
-- skipped: Steps skipped.
-- out_of_order: Steps completed out of order.
select
    hall,
    clerk,
    business_on,
    1000 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator,
    skipped,
    out_of_order
from (
    select
        hall,
        clerk,
        business_on,
        count(*) filter (outcome in ('skipped', 'out_of_order')) as numerator,
        count(*) filter (outcome in ('completed', 'skipped')) as denominator,
        count(*) filter (outcome = 'skipped') as skipped,
        count(*) filter (outcome = 'out_of_order') as out_of_order
    from order_steps
    group by hall, clerk, business_on
)
