-- One row per policy version: what it sets, and from when.
-- policy: key. The version.
-- effective_from_at: min. From when the version is in force, UTC.
-- settings: max. The parameters that differ from their defaults, as JSON.
-- is_withdrawn: or. Whether it was withdrawn before it began.
with said as (
    select
        founding ->> '$.facts.policy.version' as policy,
        cast(founding ->> '$.facts.policy.effective_from_at' as timestamptz) at time zone 'UTC'
            as effective_from_at,
        founding -> '$.facts.policy.parameters' as settings,
        false as withdrawn
    from foundings
    union all
    -- Each partition is told, of the same.
    select fact.version, fact.effective_from_at, fact.parameters, withdrawn
    from reference_policy_noted
)

select
    policy,
    min(effective_from_at) as effective_from_at,
    max(coalesce(cast(settings as varchar), '{}')) as settings,
    bool_or(withdrawn) as is_withdrawn
from said
group by policy
