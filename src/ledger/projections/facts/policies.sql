-- One row per policy version and parameter that it changes.
-- policy: key. The version.
-- parameter: key. The parameter.
-- effective_from_at: min. From when the version is in force, UTC.
-- setting: max. The parameter's value, as JSON.
with versions as (
    select
        founding ->> '$.facts.policy.version' as policy,
        cast(founding ->> '$.facts.policy.effective_from_at' as timestamptz) at time zone 'UTC'
            as effective_from_at,
        founding -> '$.facts.policy.parameters' as parameters
    from foundings
),

changes as (
    select policy, effective_from_at, parameters, unnest(json_keys(parameters)) as parameter
    from versions
)

select
    policy,
    parameter,
    min(effective_from_at) as effective_from_at,
    max(cast(json_extract(parameters, concat('$."', parameter, '"')) as varchar)) as setting
from changes
group by policy, parameter
