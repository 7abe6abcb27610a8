-- One row per shift: one clerk's duty at one counter.
-- hall: key. The hall.
-- shift_id: key. The shift, named within its hall.
-- partition: first. The partition that holds the shift's entries.
-- clerk: first. The clerk on duty.
-- counter: first. The counter.
-- duty: first. What the shift is for: counter, greeter, cashier and so on.
-- role: first. The clerk's role when the shift was opened.
-- business_on: first. The hall's local date of the opening.
-- opened_at: first. When the shift was opened, UTC.
-- planned_end_at: first. When it was to end, UTC.
-- closed_at: first. When it was closed, UTC; null while it is open.
-- is_forced: first. Whether it was closed by force, with a second person.
-- close_reason: first. Why it was closed.
-- worked_seconds: first. From opening to closing without pauses, in seconds.
-- pause_seconds: first. Pauses, in seconds.
-- visits_closed: first. Visits that the clerk closed in the shift.
with said as (
    select *, happened_at as opened_at, actor as clerk, business_day(happened_at) as business_on
    from shift_opened
    union all by name
    select *, happened_at as closed_at from shift_closed
)

select
    owner_id as hall,
    shift_id,
    any_value(partition) as partition,
    arg_min(clerk, event_number) as clerk,
    arg_min(counter_id, event_number) as counter,
    arg_min(duty, event_number) as duty,
    arg_min(role, event_number) as role,
    arg_min(business_on, event_number) as business_on,
    arg_min(opened_at, event_number) as opened_at,
    arg_min(planned_end_at, event_number) as planned_end_at,
    arg_min(closed_at, event_number) as closed_at,
    arg_min(forced, event_number) as is_forced,
    arg_min(reason, event_number) as close_reason,
    arg_min(worked_seconds, event_number) as worked_seconds,
    arg_min(pause_seconds, event_number) as pause_seconds,
    arg_min(visits_closed, event_number) as visits_closed
from said
group by owner_id, shift_id

-- check: Every shift was opened.
select hall, shift_id from shifts where opened_at is null
