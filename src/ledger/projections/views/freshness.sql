-- One row per partition: how far these tables are, and whether they go on.
-- partition: The partition.
-- position: The position of the newest entry in the tables; null where there is none.
-- recorded_at: When that entry was recorded, UTC.
-- age_seconds: How long ago that was, by the clock of whoever reads this.
-- head: The position of the newest entry in the log, when the projector last looked.
-- lag: How many entries the tables lacked then.
-- trend: By how many that had grown since it looked the time before; negative where it shrinks.
-- moved_at: When entries were last taken in, by the projector's clock, UTC.
-- moved_entries: How many were taken in up to then since it looked before.
-- stopped_at: The position of an entry that cannot be read, which the partition stands still
--   before; null where it goes on.
-- stopped_because: What is wrong with that entry.
-- standing: Facts that stand still until they have been built anew, each with its own position;
--   null where all facts are at the position above.
with still as (
    select
        partition,
        string_agg(concat(fact, ' at ', position), ', ' order by fact) as standing
    from standing
    group by partition
)

select
    partition,
    positions.position,
    positions.recorded_at,
    cast(epoch(now()) - epoch(positions.recorded_at) as bigint) as age_seconds,
    progress.head,
    progress.lag,
    progress.lag - progress.lag_before as trend,
    progress.moved_at,
    progress.moved_entries,
    stopped.position as stopped_at,
    stopped.sentence as stopped_because,
    still.standing
from positions
full join progress using (partition)
full join stopped using (partition)
left join still using (partition)
