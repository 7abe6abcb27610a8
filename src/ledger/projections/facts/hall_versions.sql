-- One row per version of a hall and moment from which it holds, as every partition is told.
-- hall: key. The hall.
-- version: key. The version; 0 is the founding's.
-- from_at: key. From when it holds, UTC; the founding's also before.
-- name: max. The hall's name.
-- area: max. urban or rural.
-- opens: max. When it opens, local time.
-- closes: max. When it closes, local time.
-- counters: max. Its counters with their service areas, as JSON.
-- status: max. active or closed_down.
with founded as (
    select
        cast(founding ->> '$.facts.founded_at' as timestamptz) at time zone 'UTC' as from_at,
        unnest(from_json(founding -> '$.facts.halls', '["JSON"]')) as fact
    from foundings
),

said as (
    select
        fact ->> '$.hall_id' as hall,
        0 as version,
        from_at,
        fact ->> '$.name' as name,
        fact ->> '$.area' as area,
        fact ->> '$.opens' as opens,
        fact ->> '$.closes' as closes,
        fact -> '$.counters' as counters,
        fact ->> '$.status' as status
    from founded
    union all
    select
        fact.hall_id,
        data_version,
        from_at,
        fact.name,
        fact.area,
        fact.opens,
        fact.closes,
        to_json(fact.counters),
        fact.status
    from reference_hall_noted
)

select
    hall,
    version,
    from_at,
    any_value(name) as name,
    any_value(area) as area,
    any_value(opens) as opens,
    any_value(closes) as closes,
    any_value(cast(counters as varchar)) as counters,
    any_value(status) as status
from said
group by hall, version, from_at
