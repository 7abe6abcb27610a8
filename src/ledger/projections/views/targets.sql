-- What each policy parameter is set to by the policy version in force, or by default.
-- parameter: The parameter.
-- target: Its value, where it is a number.
-- source: Where the number comes from.
-- policy: The version in force when the newest entry was recorded; the first also before it begins.
with now as (
    select max(recorded_at) as reached_at from positions
),

standing as (
    select
        policy,
        settings,
        effective_from_at,
        case when effective_from_at <= now.reached_at then effective_from_at end as begun_at
    from policies
    cross join now
    where not is_withdrawn
),

in_force as (
    select
        coalesce(arg_max(policy, begun_at), arg_min(policy, effective_from_at)) as policy,
        coalesce(arg_max(settings, begun_at), arg_min(settings, effective_from_at)) as settings
    from standing
)

select
    parameters.parameter,
    try_cast(coalesce(
        json_extract_string(in_force.settings, concat('$."', parameters.parameter, '"')),
        parameters.setting
    ) as double) as target,
    parameters.source,
    in_force.policy
from parameters
cross join in_force
