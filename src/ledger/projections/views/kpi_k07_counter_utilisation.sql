-- K07 Counter utilisation (台席利用率)
-- Formula: handling time of visits closed at the counter / time that a shift served the counter
-- Unit: %
-- Grain: hall, counter, day
-- Target: kpi.counter_utilisation_percent
-- Direction: higher is better
-- hall: The hall.
-- counter: The counter.
-- business_on: The hall's local date of the visits' arrival and of the shifts' opening.
-- value: Percent; null where no shift served the counter.
-- numerator: Handling times together, in seconds; that of a visit is counted where it was closed.
-- denominator: Seconds that shifts of counter, cashier, consultant or experience duty stood at the
--   counter, pauses left out; an open shift counts until now, or until its planned end if sooner.
with steps as (
    select
        hall,
        shift_id,
        happened_at,
        last_value(counter ignore nulls) over so_far as counter,
        last_value(
            case step when 'moved' then null else step in ('opened', 'resumed') end ignore nulls
        ) over so_far as is_serving,
        lead(happened_at) over (partition by hall, shift_id order by event_number) as next_at
    from shift_steps
    window so_far as (partition by hall, shift_id order by event_number)
),

reached as (
    select max(recorded_at) as reached_at from positions
),

served as (
    select
        steps.hall,
        steps.counter,
        shifts.business_on,
        sum(greatest(0, date_diff(
            'second',
            steps.happened_at,
            coalesce(steps.next_at, least(reached.reached_at, shifts.planned_end_at))
        ))) as seconds
    from steps
    join shifts on shifts.hall = steps.hall and shifts.shift_id = steps.shift_id
    cross join reached
    where steps.is_serving
        and shifts.duty in ('counter', 'cashier', 'consultant', 'experience')
    group by steps.hall, steps.counter, shifts.business_on
),

handled as (
    select hall, closed_counter as counter, business_on, sum(handling_seconds) as seconds
    from visits
    where closed_counter is not null
    group by hall, closed_counter, business_on
)

select
    hall,
    counter,
    business_on,
    100 * coalesce(handled.seconds, 0) / nullif(served.seconds, 0) as value,
    cast(coalesce(handled.seconds, 0) as bigint) as numerator,
    cast(coalesce(served.seconds, 0) as bigint) as denominator
from served
full join handled using (hall, counter, business_on)
