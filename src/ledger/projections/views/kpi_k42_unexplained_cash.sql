-- K42 Unexplained cash differences (未查明长短款)
-- Formula: drawers whose difference is not explained and should have been by now
-- Unit: n
-- Grain: hall
-- Target: kpi.unexplained_cash
-- Direction: lower is better
-- hall: The hall; one without drawers has no row.
-- business_on: The local date of now, which is when the newest entry was recorded.
-- value: Drawers in state discrepant whose `cash.explain_hours` are over.
-- numerator: The same.
-- denominator: Always null: a sum is out of nothing.
-- open: Drawers in state discrepant, those still in time included.
-- oldest_days: How long the oldest has been overdue, in days; null where none is.
with reached as (
    select max(recorded_at) as reached_at from positions
)

select
    drawers.hall,
    -- All halls are in Asia/Shanghai, UTC+8 without summer time.
    cast(reached.reached_at + interval 8 hours as date) as business_on,
    cast(count(*) filter (drawers.explain_by_at < reached.reached_at) as double) as value,
    count(*) filter (drawers.explain_by_at < reached.reached_at) as numerator,
    cast(null as bigint) as denominator,
    count(drawers.explain_by_at) as open,
    date_diff(
        'second',
        min(drawers.explain_by_at) filter (drawers.explain_by_at < reached.reached_at),
        reached.reached_at
    ) / 86400 as oldest_days
from (
    select hall, case when status = 'discrepant' then explain_by_at end as explain_by_at
    from drawers
) as drawers
cross join reached
group by drawers.hall, reached.reached_at
