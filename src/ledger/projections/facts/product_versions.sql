-- One row per version of a tariff and moment from which it holds, as every partition is told.
-- product_id: key. The product.
-- tariff_version: key. The tariff version, which customers keep when newer ones come.
-- version: key. The version of what is known of it; 0 is the founding's.
-- from_at: key. From when that holds, UTC; the founding's also before.
-- name: max. The product's name.
-- family: max. mobile, broadband, fixed_line, iot, add_on or device.
-- kind: max. base_plan, add_on, bundle and so on.
-- monthly_fen: max. What it costs a month, in fen.
-- once_fen: max. What it costs once, in fen.
-- contract_months: max. How long a contract binds, in months.
-- filing_no: max. The number under which the tariff was filed.
-- is_disclosed: or. Whether the tariff was public.
-- valid_from_on: max. The first day on which it may be sold.
-- valid_to_on: max. The last day on which it may be sold; null where none is set.
-- withdrawn_from_at: max. From when it may not be sold any more, UTC; null where it may.
with founded as (
    select
        cast(founding ->> '$.facts.founded_at' as timestamptz) at time zone 'UTC' as from_at,
        unnest(from_json(founding -> '$.facts.products', '["JSON"]')) as fact
    from foundings
),

said as (
    select
        fact ->> '$.product_id' as product_id,
        fact ->> '$.tariff_version' as tariff_version,
        0 as version,
        from_at,
        fact ->> '$.name' as name,
        fact ->> '$.family' as family,
        fact ->> '$.kind' as kind,
        cast(fact ->> '$.tariff.monthly_fen' as bigint) as monthly_fen,
        cast(fact ->> '$.tariff.once_fen' as bigint) as once_fen,
        cast(fact ->> '$.contract_months' as bigint) as contract_months,
        fact ->> '$.filing_no' as filing_no,
        cast(fact ->> '$.is_disclosed' as boolean) as is_disclosed,
        cast(fact ->> '$.tariff.valid_from_on' as date) as valid_from_on,
        cast(fact ->> '$.tariff.valid_to_on' as date) as valid_to_on,
        cast(fact ->> '$.withdrawn_from_at' as timestamptz) at time zone 'UTC'
            as withdrawn_from_at
    from founded
    union all
    select
        fact.product_id,
        fact.tariff_version,
        data_version,
        from_at,
        fact.name,
        fact.family,
        fact.kind,
        fact.tariff.monthly_fen,
        fact.tariff.once_fen,
        fact.contract_months,
        fact.filing_no,
        fact.is_disclosed,
        fact.tariff.valid_from_on,
        fact.tariff.valid_to_on,
        fact.withdrawn_from_at
    from reference_product_noted
)

select
    product_id,
    tariff_version,
    version,
    from_at,
    any_value(name) as name,
    any_value(family) as family,
    any_value(kind) as kind,
    any_value(monthly_fen) as monthly_fen,
    any_value(once_fen) as once_fen,
    any_value(coalesce(contract_months, 0)) as contract_months,
    any_value(filing_no) as filing_no,
    any_value(coalesce(is_disclosed, false)) as is_disclosed,
    any_value(valid_from_on) as valid_from_on,
    any_value(valid_to_on) as valid_to_on,
    any_value(withdrawn_from_at) as withdrawn_from_at
from said
group by product_id, tariff_version, version, from_at
