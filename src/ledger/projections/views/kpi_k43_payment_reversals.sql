-- K43 Payment reversal rate (缴费冲正率)
-- Formula: payments of the day that were reversed, then or later / payments of the day
-- Unit: %
-- Grain: hall, method, day
-- Target: kpi.reversal_percent
-- Direction: lower is better
-- hall: The hall that took the money.
-- method: How it was paid.
-- business_on: The hall's local date of the payment.
-- value: Percent of the payments.
-- numerator: Payments reversed.
-- denominator: Payments received.
-- amount_fen: What was paid, in fen, reversed payments included.
-- reversed_fen: What was reversed, in fen.
-- mix_percent: The method's part of the hall's payments of the day, in percent.
select
    hall,
    method,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator,
    amount_fen,
    reversed_fen,
    100 * denominator / sum(denominator) over (partition by hall, business_on) as mix_percent
from (
    select
        hall,
        method,
        business_on,
        count(reversed_at) as numerator,
        count(*) as denominator,
        cast(sum(amount_fen) as bigint) as amount_fen,
        cast(coalesce(sum(amount_fen) filter (reversed_at is not null), 0) as bigint)
            as reversed_fen
    from payments
    where received_at is not null
    group by hall, method, business_on
)
