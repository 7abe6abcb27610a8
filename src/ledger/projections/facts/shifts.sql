-- One row per shift: one clerk's duty at one counter.
-- hall: key. The hall.
-- shift_id: key. The shift, named within its hall.
-- partition: first. The partition that holds the shift's entries.
-- clerk: first. The clerk on duty.
-- counter: first. The counter where it began; `shift_steps` says where it moved.
-- duty: first. What the shift is for: counter, greeter, cashier and so on.
-- role: first. The clerk's role when the shift was opened.
-- business_on: first. The hall's local date of the opening.
-- opened_at: first. When the shift was opened, UTC.
-- planned_end_at: first. When it was to end, UTC.
-- pauses: sum. How often it was paused.
-- helps_given: sum. How often the clerk helped a colleague.
-- helps_confirmed: sum. How many of these helps the colleague confirmed, then or later.
-- handed_over_at: first. When it was handed over, UTC; null where it never was.
-- handed_over_to: first. The clerk who takes over.
-- cases_handed_over: first. How many cases were offered with it.
-- overrun_at: first. When it was found open long after its planned end, UTC.
-- closed_at: first. When it was closed, UTC; null while it is open.
-- is_forced: first. Whether it was closed by force, with a second person.
-- close_reason: first. Why it was closed.
-- worked_seconds: first. From opening to closing, in seconds.
-- pause_seconds: first. Pauses within that, in seconds.
-- visits_closed: first. Visits that the clerk closed in the shift.
with said as (
    select
        * exclude (overrun_at),
        happened_at as opened_at,
        actor as clerk,
        business_day(happened_at) as business_on
    from shift_opened
    union all by name
    select partition, event_number, owner_id, shift_id, 1 as pauses from shift_paused
    union all by name
    select *, 1 as helps_given from shift_colleague_helped
    union all by name
    select *, 1 as helps_confirmed from shift_help_confirmed
    union all by name
    select
        *,
        happened_at as handed_over_at,
        to_clerk_id as handed_over_to,
        len(case_ids) as cases_handed_over
    from shift_handed_over
    union all by name
    select *, happened_at as overrun_at from shift_overrun
    union all by name
    select * exclude (helps_confirmed), happened_at as closed_at, reason as close_reason
    from shift_closed
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
    count(pauses) as pauses,
    count(helps_given) as helps_given,
    count(helps_confirmed) as helps_confirmed,
    arg_min(handed_over_at, event_number) as handed_over_at,
    arg_min(handed_over_to, event_number) as handed_over_to,
    arg_min(cases_handed_over, event_number) as cases_handed_over,
    arg_min(overrun_at, event_number) as overrun_at,
    arg_min(closed_at, event_number) as closed_at,
    arg_min(forced, event_number) as is_forced,
    arg_min(close_reason, event_number) as close_reason,
    arg_min(worked_seconds, event_number) as worked_seconds,
    arg_min(pause_seconds, event_number) as pause_seconds,
    arg_min(visits_closed, event_number) as visits_closed
from said
group by owner_id, shift_id

-- check: Every shift was opened.
select hall, shift_id from shifts where opened_at is null

-- check: No more helps are confirmed than were given.
select hall, shift_id from shifts where helps_confirmed > helps_given

-- check: Pauses lie within the shift.
select hall, shift_id from shifts where pause_seconds > worked_seconds
