-- K02 P90 wait time (90%客户等候时长)
-- Formula: the shortest wait that at least 90 in 100 served visits with a ticket did not exceed
-- Unit: s
-- Grain: hall, day
-- Target: kpi.p90_wait_seconds
-- Direction: lower is better
-- hall: The hall.
-- business_on: The hall's local date of arrival.
-- value: The wait in seconds; null where no visit with a ticket was served.
-- numerator: Always null: a percentile is no ratio and days of it cannot be added.
-- denominator: Served visits that had a ticket.
select
    hall,
    business_on,
    cast(quantile_disc(wait_seconds, 0.9) filter (is_served) as double) as value,
    cast(null as bigint) as numerator,
    count(wait_seconds) filter (is_served) as denominator
from visits
where issued_at is not null
group by hall, business_on
