-- K37 Install SLA (装机及时率)
-- Formula: lines installed by the day that the law sets / lines installed, or not installed by then
-- Unit: %
-- Grain: hall, area, day
-- Target: kpi.install_in_time_percent
-- Direction: higher is better
-- hall: The hall that submitted the order.
-- area: urban or rural.
-- business_on: The local date on which a line was installed in time, or its time ran out.
-- value: Percent.
-- numerator: Lines of broadband and fixed telephone that were in service in time.
-- denominator: Those, and the ones whose time ran out.
with installs as (
    select
        orders.hall,
        lines.area,
        lines.activated_at,
        orders.expected_completion_at,
        coalesce(lines.activated_at <= orders.expected_completion_at, false) as is_in_time
    from lines
    join orders using (customer_id, order_id)
    where lines.family in ('broadband', 'fixed_line')
        and coalesce(lines.activated_at, orders.overdue_at) is not null
)

select
    hall,
    area,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        hall,
        area,
        -- All halls are in Asia/Shanghai, UTC+8 without summer time.
        cast(
            case when is_in_time then activated_at else expected_completion_at end
            + interval 8 hours as date
        ) as business_on,
        count(*) filter (is_in_time) as numerator,
        count(*) as denominator
    from installs
    group by all
)
