-- K16 Net new lines (净增用户数)
-- Formula: lines activated, also by porting in, less lines terminated, also by porting out
-- Unit: lines
-- Grain: hall, family, day
-- Target: kpi.net_new_lines
-- Direction: higher is better
-- hall: The hall that sold the lines.
-- family: mobile, broadband, fixed_line or iot.
-- business_on: The local date on which lines came into service or ended.
-- value: Lines activated less lines terminated.
-- numerator: The same.
-- denominator: Always null: a sum is out of nothing.
-- activated: Lines that came into service.
-- terminated: Lines that ended.
select
    hall,
    family,
    business_on,
    cast(activated - terminated as double) as value,
    activated - terminated as numerator,
    cast(null as bigint) as denominator,
    activated,
    terminated
from (
    select
        hall,
        family,
        business_on,
        count(*) filter (kind = 'activated') as activated,
        count(*) filter (kind = 'terminated') as terminated
    from line_changes
    where kind in ('activated', 'terminated')
    group by hall, family, business_on
)
