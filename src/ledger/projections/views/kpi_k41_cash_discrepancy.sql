-- K41 Cash discrepancy (现金长短款)
-- Formula: what was over or short in the closed drawers of the day, both counted as more than 0
-- Unit: fen
-- Grain: hall, clerk, day
-- Target: kpi.cash_discrepancy_fen
-- Direction: lower is better
-- hall: The hall.
-- clerk: The clerk whose drawers they were.
-- business_on: The hall's local date on which the drawers were opened.
-- value: The differences together, in fen; null where no drawer was closed.
-- numerator: The same.
-- denominator: Always null: a sum is out of nothing.
-- drawers_closed: Drawers closed.
-- drawers_differing: Drawers among them with a difference.
-- differing_percent: These in percent; null where no drawer was closed.
-- short_fen: What was short, in fen.
-- over_fen: What was over, in fen.
select
    hall,
    clerk,
    business_on,
    cast(numerator as double) as value,
    numerator,
    cast(null as bigint) as denominator,
    drawers_closed,
    drawers_differing,
    100 * drawers_differing / nullif(drawers_closed, 0) as differing_percent,
    short_fen,
    over_fen
from (
    select
        hall,
        clerk,
        business_on,
        cast(sum(abs(difference_fen)) filter (closed_at is not null) as bigint) as numerator,
        count(closed_at) as drawers_closed,
        count(closed_at) filter (difference_fen <> 0) as drawers_differing,
        cast(sum(greatest(0, -difference_fen)) filter (closed_at is not null) as bigint)
            as short_fen,
        cast(sum(greatest(0, difference_fen)) filter (closed_at is not null) as bigint)
            as over_fen
    from drawers
    where opened_at is not null
    group by hall, clerk, business_on
)
