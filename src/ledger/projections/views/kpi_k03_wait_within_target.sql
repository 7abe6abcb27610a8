-- K03 Wait within target (等候达标率)
-- Formula: served visits whose wait is at most `queue.wait_target_seconds` / served visits
-- Unit: %
-- Grain: hall, day
-- Target: kpi.wait_within_target_percent
-- Direction: higher is better
-- hall: The hall.
-- business_on: The hall's local date of arrival.
-- value: Percent; null where no visit with a ticket was served.
-- numerator: Served visits that waited no longer than the target.
-- denominator: Served visits that had a ticket.
select
    hall,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        visits.hall,
        visits.business_on,
        count(*) filter (visits.is_served and visits.wait_seconds <= targets.target) as numerator,
        count(visits.wait_seconds) filter (visits.is_served) as denominator
    from visits
    cross join targets
    where visits.issued_at is not null and targets.parameter = 'queue.wait_target_seconds'
    group by visits.hall, visits.business_on
)
