-- One row per event in which a shift begins, moves, pauses, goes on or ends.
-- partition: key. The partition of the entry behind it.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- hall: once. The hall.
-- shift_id: once. The shift, named within its hall.
-- step: once. opened, moved, paused, resumed or closed.
-- happened_at: once. When it happened, UTC.
-- counter: once. The counter from then on; null where it stays.
-- reason: once. Why the shift was paused or closed.
with said as (
    select *, 'opened' as step from shift_opened
    union all by name
    select *, 'moved' as step from shift_counter_moved
    union all by name
    select *, 'paused' as step from shift_paused
    union all by name
    select *, 'resumed' as step from shift_resumed
    union all by name
    select *, 'closed' as step from shift_closed
)

select
    partition,
    event_number,
    position,
    owner_id as hall,
    shift_id,
    step,
    happened_at,
    counter_id as counter,
    reason
from said
