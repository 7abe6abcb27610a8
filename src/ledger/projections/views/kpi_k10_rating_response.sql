-- K10 Rating response rate (评价参与率)
-- Formula: visits rated / visits closed by a clerk
-- Unit: %
-- Grain: hall, day
-- Target: kpi.rating_response_percent
-- Direction: higher is better
-- hall: The hall.
-- business_on: The hall's local date of the visit.
-- value: Percent; null where no visit was closed.
-- numerator: Visits rated.
-- denominator: Visits closed by a clerk.
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
        count(score) as numerator,
        count(closed_by) as denominator
    from visits
    group by hall, business_on
)
