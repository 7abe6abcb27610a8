-- K06 Throughput per clerk hour (人均业务量)
-- Formula: visits closed in closed shifts / hours worked in closed shifts, pauses left out
-- Unit: visits/h
-- Grain: hall, clerk, day
-- Target: kpi.visits_per_hour
-- Direction: higher is better
-- hall: The hall.
-- clerk: The clerk.
-- business_on: The hall's local date on which the shifts were opened.
-- value: Visits per hour worked; null where no time was worked.
-- numerator: Visits closed.
-- denominator: Hours worked, pauses left out.
select
    hall,
    clerk,
    business_on,
    numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        hall,
        clerk,
        business_on,
        cast(coalesce(sum(visits_closed), 0) as bigint) as numerator,
        coalesce(sum(worked_seconds - pause_seconds), 0) / 3600 as denominator
    from shifts
    group by hall, clerk, business_on
)
