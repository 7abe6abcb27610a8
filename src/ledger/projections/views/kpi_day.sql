-- The key figures of each hall and day, and of each clerk for those that are counted by clerk.
-- k: The KPI's number in the catalogue.
-- hall: The hall.
-- clerk: The clerk, of the KPIs that are counted by clerk.
-- business_on: The hall's local date; of K42, which counts what is open now, that of now.
-- value: The figure; null where there is no data.
-- numerator: What was counted, in the words of the KPI's own view.
-- denominator: Out of how much; null where the figure is a sum, which is out of nothing.
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
    select
        'K07',
        hall,
        null,
        business_on,
        100 * sum(numerator) / nullif(sum(denominator), 0),
        sum(numerator),
        sum(denominator)
    from kpi_k07_counter_utilisation
    group by hall, business_on
    union all
    select 'K09', hall, clerk, business_on, value, numerator, denominator
    from kpi_k09_satisfaction
    union all
    select 'K10', hall, null, business_on, value, numerator, denominator
    from kpi_k10_rating_response
    union all
    select 'K14', hall, clerk, business_on, value, numerator, denominator
    from kpi_k14_add_on_attach
    union all
    select 'K16', hall, null, business_on, sum(value), sum(numerator), null
    from kpi_k16_net_new_lines
    group by hall, business_on
    union all
    select 'K17', hall, clerk, business_on, value, numerator, denominator
    from kpi_k17_sales_value
    union all
    select 'K18', hall, clerk, business_on, value, numerator, denominator
    from kpi_k18_early_cancel
    union all
    select
        'K35',
        hall,
        null,
        business_on,
        100 * sum(numerator) / nullif(sum(denominator), 0),
        sum(numerator),
        sum(denominator)
    from kpi_k35_order_fall_out
    group by hall, business_on
    union all
    select 'K36', hall, null, business_on, value, numerator, denominator
    from kpi_k36_order_cycle_time
    where kind is null
    union all
    select
        'K37',
        hall,
        null,
        business_on,
        100 * sum(numerator) / nullif(sum(denominator), 0),
        sum(numerator),
        sum(denominator)
    from kpi_k37_install_in_time
    group by hall, business_on
    union all
    select 'K41', hall, clerk, business_on, value, numerator, denominator
    from kpi_k41_cash_discrepancy
    union all
    select 'K42', hall, null, business_on, value, numerator, denominator
    from kpi_k42_unexplained_cash
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
    union all
    select 'K44', hall, clerk, business_on, value, numerator, denominator
    from kpi_k44_data_entry_errors
    union all
    select 'K46', hall, null, business_on, value, numerator, denominator from kpi_k46_real_name
    union all
    select 'K47', hall, null, business_on, value, numerator, denominator
    from kpi_k47_quota_breaches
    union all
    select 'K48', hall, clerk, business_on, value, numerator, denominator
    from kpi_k48_procedure_deviation
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
