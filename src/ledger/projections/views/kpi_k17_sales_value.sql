-- K17 Sales value of plan changes (套餐变更增值额)
-- Formula: sum of the new monthly fee less the old one, over changes of plan
-- Unit: fen/month
-- Grain: hall, clerk, day
-- Target: kpi.sales_value_fen
-- Direction: higher is better
-- hall: The hall of the orders.
-- clerk: The clerk who submitted them.
-- business_on: The local date on which the plans were changed.
-- value: What the customers pay more a month, in fen; less than 0 where they pay less.
-- numerator: The same.
-- denominator: Always null: a sum is out of nothing.
-- changes: Changes of plan.
-- raised_fen: What those who pay more pay more a month, in fen.
-- lowered_fen: What those who pay less pay less a month, in fen.
select
    hall,
    clerk,
    business_on,
    cast(raised_fen - lowered_fen as double) as value,
    raised_fen - lowered_fen as numerator,
    cast(null as bigint) as denominator,
    changes,
    raised_fen,
    lowered_fen
from (
    select
        hall,
        clerk,
        business_on,
        count(*) as changes,
        cast(sum(greatest(monthly_fen - old_monthly_fen, 0)) as bigint) as raised_fen,
        cast(sum(greatest(old_monthly_fen - monthly_fen, 0)) as bigint) as lowered_fen
    from line_changes
    where kind = 'plan_changed'
    group by hall, clerk, business_on
)
