-- The key figures of each hall and month, and of each clerk for those that are counted by clerk.
-- k: The KPI's number in the catalogue.
-- name: Its name.
-- name_zh: Its name in Chinese.
-- hall: The hall.
-- clerk: The clerk; null where the figure is that of the whole hall.
-- month: The first day of the month, by the hall's local date.
-- value: The figure; null where there is no data.
-- unit: Its unit.
-- numerator: What was counted in all days of the month, in the words of the KPI's own view; null
--   for K02 and K36, taken from the month's visits and orders: percentiles cannot be added.
-- denominator: Out of how much; null where the figure is a sum, which is out of nothing.
-- target: The target that the policy sets; null for K16 and K17, which have one for a day's sum.
-- direction: Whether higher or lower is better.
with days as (
    select
        k,
        hall,
        clerk,
        cast(date_trunc('month', business_on) as date) as month,
        numerator,
        denominator
    from kpi_day
    where k not in ('K02', 'K36')
),

sums as (
    select k, hall, clerk, month, sum(numerator) as numerator, sum(denominator) as denominator
    from days
    where clerk is not null
    group by k, hall, clerk, month
    union all
    select k, hall, null, month, sum(numerator), sum(denominator)
    from days
    group by k, hall, month
),

percentiles as (
    select
        'K02' as k,
        hall,
        cast(date_trunc('month', business_on) as date) as month,
        cast(quantile_disc(wait_seconds, 0.9) filter (is_served) as double) as value,
        cast(count(wait_seconds) filter (is_served) as double) as denominator
    from visits
    where issued_at is not null
    group by hall, date_trunc('month', business_on)
    union all
    select
        'K36',
        hall,
        cast(date_trunc('month', ended_on) as date),
        median(cycle_seconds) / 3600,
        cast(count(*) as double)
    from orders
    where status in ('completed', 'partial')
    group by hall, date_trunc('month', ended_on)
),

figures as (
    select
        k,
        sums.hall,
        sums.clerk,
        sums.month,
        case
            when sums.denominator is null then sums.numerator
            else sums.numerator / nullif(sums.denominator, 0)
        end * case kpis.unit when '%' then 100 when 'per 1k' then 1000 else 1 end as value,
        sums.numerator,
        sums.denominator
    from sums
    join kpis using (k)
    union all
    select k, hall, null, month, value, null, denominator from percentiles
)

select
    k,
    kpis.name,
    kpis.name_zh,
    figures.hall,
    figures.clerk,
    figures.month,
    figures.value,
    kpis.unit,
    figures.numerator,
    figures.denominator,
    case when figures.k not in ('K16', 'K17') then targets.target end as target,
    kpis.direction
from figures
join kpis using (k)
left join targets on targets.parameter = kpis.target
order by k, figures.hall, figures.month, figures.clerk
