-- K04 Abandonment rate (弃号率)
-- Formula: visits with a ticket that ended abandoned or as no-show / visits with a ticket
-- Unit: %
-- Grain: hall, day
-- Target: kpi.abandonment_percent
-- Direction: lower is better
-- hall: The hall.
-- business_on: The hall's local date of arrival.
-- value: Percent of the tickets issued.
-- numerator: Visits whose ticket was abandoned or not answered.
-- denominator: Visits with a ticket.
select
    hall,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        hall,
        business_on,
        count(*) filter (outcome in ('abandoned', 'no_show')) as numerator,
        count(*) as denominator
    from visits
    where issued_at is not null
    group by hall, business_on
)
