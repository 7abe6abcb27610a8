-- The key figures of each hall's newest business day, for one screen.
-- k: The KPI's number in the catalogue.
-- name: Its name.
-- name_zh: Its name in Chinese.
-- grain: What the KPI's own view has one row for.
-- hall: The hall.
-- clerk: The clerk, of the KPIs that are counted by clerk.
-- business_on: The hall's local date.
-- value: The figure; null where there is no data.
-- unit: Its unit.
-- numerator: What was counted, in the words of the KPI's own view.
-- denominator: Out of how much.
-- target: The target that the policy sets.
-- direction: Whether higher or lower is better.
select
    k,
    kpis.name,
    kpis.name_zh,
    kpis.grain,
    kpi_day.hall,
    kpi_day.clerk,
    kpi_day.business_on,
    kpi_day.value,
    kpis.unit,
    kpi_day.numerator,
    kpi_day.denominator,
    targets.target,
    kpis.direction
from kpi_day
join kpis using (k)
left join targets on targets.parameter = kpis.target
qualify kpi_day.business_on = max(kpi_day.business_on) over (partition by k, kpi_day.hall)
order by k, kpi_day.hall, kpi_day.clerk
