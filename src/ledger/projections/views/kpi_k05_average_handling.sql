-- K05 Average handling time (平均办理时长)
-- Formula: mean of start to close without transfer pauses, over closed visits
-- Unit: s
-- Grain: hall, clerk, day
-- Target: kpi.average_handling_seconds
-- Direction: lower is better
-- hall: The hall.
-- clerk: The clerk who closed the visits.
-- business_on: The hall's local date of arrival.
-- value: Mean handling time in seconds; null where no visit was closed.
-- numerator: The handling times together, in seconds.
-- denominator: Visits closed.
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
        coalesce(closed_by, clerk) as clerk,
        business_on,
        cast(coalesce(sum(handling_seconds), 0) as bigint) as numerator,
        count(handling_seconds) as denominator
    from visits
    where is_served
    group by all
)
