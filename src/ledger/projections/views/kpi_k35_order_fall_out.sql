-- K35 Order fall-out rate (掉单率)
-- Formula: orders submitted that fell out of the systems or failed, also in part / orders submitted
-- Unit: %
-- Grain: hall, order kind, day
-- Target: kpi.fall_out_percent
-- Direction: lower is better
-- hall: The hall that submitted the orders.
-- kind: The kind of order.
-- business_on: The hall's local date of the submission.
-- value: Percent.
-- numerator: Orders that fell out of the systems, or of which an item failed.
-- denominator: Orders submitted.
-- fell_out: Orders that fell out of the systems at least once, to be set right by hand.
-- failed: Orders of which an item failed.
select
    hall,
    kind,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator,
    fell_out,
    failed
from (
    select
        hall,
        kind,
        business_on,
        count(*) filter (fall_outs > 0 or status in ('failed', 'partial')) as numerator,
        count(*) as denominator,
        count(*) filter (fall_outs > 0) as fell_out,
        count(*) filter (status in ('failed', 'partial')) as failed
    from orders
    where submitted_at is not null
    group by hall, kind, business_on
)
