-- The key figures of each hall and day, and of each clerk for those that are counted by clerk.
-- k: The KPI's number in the catalogue.
-- hall: The hall.
-- clerk: The clerk, of the KPIs that are counted by clerk.
-- business_on: The hall's local date.
-- value: The figure; null where there is no data.
-- numerator: What was counted, in the words of the KPI's own view.
-- denominator: Out of how much.
with figures as (
    select 'K01' as k, hall, null as clerk, business_on, value, numerator, denominator
    from kpi_k01_average_wait
    union all
    select 'K02', hall, null, business_on, value, numerator, denominator from kpi_k02_p90_wait
    union all
    select 'K03', hall, null, business_on, value, numerator, denominator
    from kpi_k03_wait_within_target
    union all
    select 'K04', hall, null, business_on, value, numerator, denominator from kpi_k04_abandonment
    union all
    select 'K05', hall, clerk, business_on, value, numerator, denominator
    from kpi_k05_average_handling
    union all
    select 'K06', hall, clerk, business_on, value, numerator, denominator from kpi_k06_throughput
    union all
    select 'K09', hall, clerk, business_on, value, numerator, denominator
    from kpi_k09_satisfaction
    union all
    select 'K10', hall, null, business_on, value, numerator, denominator
    from kpi_k10_rating_response
    union all
    select
        'K43',
        hall,
        null,
        business_on,
        100 * sum(numerator) / nullif(sum(denominator), 0),
        sum(numerator),
        sum(denominator)
    from kpi_k43_payment_reversals
    group by hall, business_on
)

select
    k,
    hall,
    cast(clerk as varchar) as clerk,
    business_on,
    value,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator
from figures
