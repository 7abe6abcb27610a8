-- Average wait time by hour of arrival (K01 分时平均等候时长): the waits of a day's rush hours.
-- Formula: mean of ticket issue to first call, over served visits that had a ticket
-- Unit: s
-- Grain: hall, day, hour
-- Target: kpi.average_wait_seconds
-- Direction: lower is better
-- hall: The hall.
-- business_on: The hall's local date of arrival.
-- hour: The hall's local hour of arrival, 0 to 23; the hours of a day add up to the day's K01.
-- name_zh: The KPI's name in Chinese.
-- value: Mean wait in seconds; null where no visit with a ticket was served.
-- numerator: The waits together, in seconds.
-- denominator: Served visits that had a ticket.
select
    waits.hall,
    waits.business_on,
    waits.hour,
    kpis.name_zh,
    waits.numerator / nullif(waits.denominator, 0) as value,
    waits.numerator,
    waits.denominator
from (
    select
        hall,
        business_on,
        -- All halls are in Asia/Shanghai, UTC+8 without summer time.
        hour(arrived_at + interval 8 hours) as hour,
        cast(coalesce(sum(wait_seconds) filter (is_served), 0) as bigint) as numerator,
        count(wait_seconds) filter (is_served) as denominator
    from visits
    where issued_at is not null
    group by all
) as waits
join kpis on kpis.k = 'K01'
