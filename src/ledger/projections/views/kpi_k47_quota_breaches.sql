-- K47 Quota breaches (超限开户数)
-- Formula: lines activated with more numbers in service for one person than the law allows
-- Unit: n
-- Grain: hall, day
-- Target: kpi.quota_breaches
-- Direction: lower is better
-- hall: The hall that sold the lines.
-- business_on: The local date since which they were in service.
-- value: Lines beyond `realname.max_active_numbers_per_id_per_operator`, as the policy has it now.
-- numerator: The same.
-- denominator: Always null: a sum is out of nothing.
-- activated: Lines activated that count towards the limit.
-- highest: The most numbers in service for one person.
with activated as (
    select
        hall,
        business_on,
        -- The tables count for themselves, too: linked files are in the ledger's count only.
        greatest(
            active_numbers,
            (
                select count(*) from lines
                where lines.customer_id = line_changes.customer_id
                    and lines.counts_towards_limit
                    and lines.activated_at <= line_changes.happened_at
                    and coalesce(lines.terminated_at > line_changes.happened_at, true)
            )
        ) as active_numbers
    from line_changes
    where kind = 'activated' and counts_towards_limit
)

select
    hall,
    business_on,
    cast(numerator as double) as value,
    numerator,
    cast(null as bigint) as denominator,
    activated,
    highest
from (
    select
        activated.hall,
        activated.business_on,
        count(*) filter (activated.active_numbers > targets.target) as numerator,
        count(*) as activated,
        max(activated.active_numbers) as highest
    from activated
    cross join targets
    where targets.parameter = 'realname.max_active_numbers_per_id_per_operator'
    group by activated.hall, activated.business_on
)
