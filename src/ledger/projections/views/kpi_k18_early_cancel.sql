-- K18 Early-cancel rate (早期退订率)
-- Formula: lines and add-ons sold on the day that ended within `sales.claw_back_days` / all sold
-- Unit: %
-- Grain: hall, clerk, day
-- Target: kpi.early_cancel_percent
-- Direction: lower is better
-- hall: The hall that sold them.
-- clerk: The clerk who sold them.
-- business_on: The local date since which they were in service.
-- value: Percent; null where nothing was sold. It may rise until the days of grace are over.
-- numerator: Of these, lines and add-ons that ended early, by the policy in force then.
-- denominator: Lines activated and add-ons added.
-- lines_early: Of those that ended early, lines.
-- lines_sold: Of those that were sold, lines.
select
    hall,
    clerk,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator,
    lines_early,
    lines_sold
from (
    select
        hall,
        clerk,
        sold_on as business_on,
        count(*) filter (is_early) as numerator,
        count(*) filter (kind in ('activated', 'product_added')) as denominator,
        count(*) filter (is_early and kind = 'terminated') as lines_early,
        count(*) filter (kind = 'activated') as lines_sold
    from line_changes
    where sold_on is not null
    group by hall, clerk, sold_on
)
