-- One row per tariff version of a product, as it is now: when the newest entry was recorded.
-- product_id: The product.
-- tariff_version: The tariff version, which customers keep when newer ones come.
-- name: The product's name.
-- family: mobile, broadband, fixed_line, iot, add_on or device.
-- kind: base_plan, add_on, bundle and so on.
-- monthly_fen: What it costs a month, in fen.
-- once_fen: What it costs once, in fen.
-- contract_months: How long a contract binds, in months.
-- filing_no: The number under which the tariff was filed.
-- is_disclosed: Whether the tariff is public.
-- is_on_sale: Whether it may be sold: public, within its validity and not withdrawn.
-- version: The version of the fact; 0 is the founding's.
with reached as (
    select max(recorded_at) as reached_at from positions
),

known as (
    select *
    from product_versions
    cross join reached
    where version = 0 or from_at <= reached_at
    qualify row_number() over (
        partition by product_id, tariff_version order by version desc, from_at desc
    ) = 1
)

select
    product_id,
    tariff_version,
    name,
    family,
    kind,
    monthly_fen,
    once_fen,
    contract_months,
    filing_no,
    is_disclosed,
    is_disclosed
        -- All halls are in Asia/Shanghai, UTC+8 without summer time.
        and cast(reached_at + interval 8 hours as date)
            between valid_from_on and coalesce(valid_to_on, date '9999-12-31')
        and coalesce(reached_at < withdrawn_from_at, true) as is_on_sale,
    version
from known
order by product_id, tariff_version
