-- One row per version of a clerk and moment from which it holds, as every partition is told.
-- clerk: key. The clerk.
-- version: key. The version; 0 is the founding's.
-- from_at: key. From when it holds, UTC; the founding's also before.
-- role: max. The clerk's role.
-- hall_ids: max. The halls that the clerk works in, as JSON; none means all.
-- certifications: max. What the clerk may do by certificate, from and until when, as JSON.
-- status: max. in_service, suspended or left.
with founded as (
    select
        cast(founding ->> '$.facts.founded_at' as timestamptz) at time zone 'UTC' as from_at,
        unnest(from_json(founding -> '$.facts.clerks', '["JSON"]')) as fact
    from foundings
),

said as (
    select
        fact ->> '$.clerk_id' as clerk,
        0 as version,
        from_at,
        fact ->> '$.role' as role,
        fact -> '$.hall_ids' as hall_ids,
        fact -> '$.certifications' as certifications,
        fact ->> '$.status' as status
    from founded
    union all
    select
        fact.clerk_id,
        data_version,
        from_at,
        fact.role,
        to_json(fact.hall_ids),
        to_json(fact.certifications),
        fact.status
    from reference_clerk_noted
)

select
    clerk,
    version,
    from_at,
    any_value(role) as role,
    any_value(coalesce(cast(hall_ids as varchar), '[]')) as hall_ids,
    any_value(coalesce(cast(certifications as varchar), '[]')) as certifications,
    any_value(coalesce(status, 'in_service')) as status
from said
group by clerk, version, from_at
