-- K09 CSAT (客户满意度)
-- Formula: ratings of 4 or 5 / ratings
-- Unit: %
-- Grain: hall, clerk, day
-- Target: kpi.csat_percent
-- Direction: higher is better
-- hall: The hall.
-- clerk: The clerk who closed the rated visits.
-- business_on: The hall's local date of the visit.
-- value: Percent; null where nothing was rated.
-- numerator: Ratings of 4 or 5.
-- denominator: Ratings.
-- mean_score: The mean rating, 1 to 5; null where nothing was rated.
select
    hall,
    clerk,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator,
    mean_score
from (
    select
        hall,
        closed_by as clerk,
        business_on,
        count(*) filter (score >= 4) as numerator,
        count(score) as denominator,
        avg(score) as mean_score
    from visits
    where closed_by is not null
    group by hall, closed_by, business_on
)
