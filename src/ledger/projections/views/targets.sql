-- What each policy parameter is set to, by the newest version known or by default.
-- parameter: The parameter.
-- target: Its value, where it is a number.
-- source: Where the number comes from.
with newest as (
    select parameter, arg_max(setting, effective_from_at) as setting
    from policies
    group by parameter
)

select
    parameters.parameter,
    try_cast(coalesce(newest.setting, parameters.setting) as double) as target,
    parameters.source
from parameters
left join newest using (parameter)
