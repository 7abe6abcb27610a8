-- K01 Average wait time (平均等候时长)
-- Formula: mean of ticket issue to first call, over served visits that had a ticket
-- Unit: s
-- Grain: hall, day
-- Target: kpi.average_wait_seconds
-- Direction: lower is better
-- hall: The hall.
-- business_on: The hall's local date of arrival.
-- value: Mean wait in seconds; null where no visit with a ticket was served.
-- numerator: The waits together, in seconds.
-- denominator: Served visits that had a ticket.
select
    hall,
    business_on,
    numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        hall,
        business_on,
        cast(coalesce(sum(wait_seconds) filter (is_served), 0) as bigint) as numerator,
        count(wait_seconds) filter (is_served) as denominator
    from visits
    where issued_at is not null
    group by hall, business_on
)
