-- One row per visit: one customer's stay in a hall, from arrival to closing and rating.
-- hall: key. The hall that was visited.
-- visit_id: key. The visit, named within its hall.
-- partition: first. The partition that holds the visit's entries.
-- business_on: first. The hall's local date of the arrival.
-- arrived_at: first. When the customer arrived, UTC.
-- arrival: first. How the customer came: walk_in, appointment or returning.
-- customer_id: first. The customer the visit was identified as; null where it never was.
-- identified_at: first. When the customer was identified, UTC.
-- ticket_no: first. The number of the queue ticket; null where none was taken.
-- service_area: first. The service area of the ticket.
-- issued_at: first. When the ticket was issued, UTC.
-- first_called_at: first. When the ticket was first called, UTC.
-- calls: sum. How often the ticket was called.
-- no_shows: sum. How often nobody came to a call.
-- started_at: first. When service began, UTC.
-- wait_seconds: first. From the ticket's issue to its first call, of a served visit, in seconds.
-- clerk: first. The clerk who served the visit first.
-- counter: first. The counter where service began.
-- shift_id: first. The shift in which service began.
-- closed_at: first. When the visit ended, served or not, UTC.
-- closed_by: first. The clerk who closed the served visit, to whom its time and rating count.
-- handling_seconds: first. From start to close without transfer pauses, in seconds.
-- pause_seconds: first. Transfer pauses, in seconds.
-- closed_counter: first. The counter where the served visit was closed.
-- transfers: sum. How often the visit went to another counter.
-- inquiries: sum. Questions about products and tariffs.
-- quotes: sum. Tariffs told to the customer.
-- recommendations: sum. Products recommended.
-- recommendations_accepted: sum. Recommendations that the customer accepted.
-- recommendations_declined: sum. Recommendations that the customer declined.
-- support_given: sum. How often help with a device or service was given.
-- needs_met: first. Needs of the customer that were met, as the closing clerk says.
-- needs_open: first. Needs that were left open, as the closing clerk says.
-- is_served: or. Whether service began.
-- outcome: first. How it ended, as closed by the clerk, or abandoned or no_show; null while open.
-- follow_up_asked: or. Whether the customer asked to be contacted again.
-- rated_at: first. When the customer rated the visit, UTC.
-- score: first. The customer's rating, 1 to 5.
-- attitude: first. The rating of attitude, 1 to 5.
-- skill: first. The rating of skill, 1 to 5.
-- speed: first. The rating of speed, 1 to 5.
with said as (
    select
        *,
        business_day(happened_at) as business_on,
        happened_at as arrived_at
    from visit_arrived
    union all by name
    select *, happened_at as identified_at from visit_customer_identified
    union all by name
    select * exclude (business_on), happened_at as issued_at from visit_ticket_issued
    union all by name
    select * exclude (wait_seconds), happened_at as first_called_at, 1 as calls
    from visit_ticket_called
    union all by name
    select *, 1 as no_shows from visit_no_show_recorded
    union all by name
    select
        *,
        happened_at as started_at,
        actor as clerk,
        counter as started_counter,
        true as is_served
    from visit_started
    union all by name
    select *, 1 as transfers from visit_transferred
    union all by name
    select *, 1 as inquiries from visit_inquiry_raised
    union all by name
    select *, 1 as quotes from visit_tariff_quoted
    union all by name
    select *, 1 as recommendations from visit_offering_recommended
    union all by name
    select *, 1 as recommendations_accepted from visit_recommendation_accepted
    union all by name
    select *, 1 as recommendations_declined from visit_recommendation_declined
    union all by name
    select *, 1 as support_given from visit_support_given
    union all by name
    select
        * exclude (needs_met, needs_open),
        happened_at as closed_at,
        actor as closed_by,
        counter as closed_counter,
        len(needs_met) as needs_met,
        len(needs_open) as needs_open
    from visit_closed
    union all by name
    select * exclude (wait_seconds), happened_at as closed_at, 'abandoned' as outcome
    from visit_abandoned
    union all by name
    select *, happened_at as closed_at from visit_lapsed
    union all by name
    select *, happened_at as rated_at from visit_rated
)

select
    owner_id as hall,
    split_part(stream, '/', 2) as visit_id,
    any_value(partition) as partition,
    arg_min(business_on, event_number) as business_on,
    arg_min(arrived_at, event_number) as arrived_at,
    arg_min(arrival, event_number) as arrival,
    arg_min(customer_id, event_number) as customer_id,
    arg_min(identified_at, event_number) as identified_at,
    arg_min(ticket_no, event_number) as ticket_no,
    arg_min(service_area, event_number) as service_area,
    arg_min(issued_at, event_number) as issued_at,
    arg_min(first_called_at, event_number) as first_called_at,
    cast(coalesce(sum(calls), 0) as bigint) as calls,
    cast(coalesce(sum(no_shows), 0) as bigint) as no_shows,
    arg_min(started_at, event_number) as started_at,
    arg_min(wait_seconds, event_number) as wait_seconds,
    arg_min(clerk, event_number) as clerk,
    arg_min(started_counter, event_number) as counter,
    arg_min(shift_id, event_number) as shift_id,
    arg_min(closed_at, event_number) as closed_at,
    arg_min(closed_by, event_number) as closed_by,
    arg_min(handling_seconds, event_number) as handling_seconds,
    arg_min(pause_seconds, event_number) as pause_seconds,
    arg_min(closed_counter, event_number) as closed_counter,
    count(transfers) as transfers,
    count(inquiries) as inquiries,
    count(quotes) as quotes,
    count(recommendations) as recommendations,
    count(recommendations_accepted) as recommendations_accepted,
    count(recommendations_declined) as recommendations_declined,
    count(support_given) as support_given,
    arg_min(needs_met, event_number) as needs_met,
    arg_min(needs_open, event_number) as needs_open,
    coalesce(bool_or(is_served), false) as is_served,
    arg_min(outcome, event_number) as outcome,
    coalesce(bool_or(follow_up_asked), false) as follow_up_asked,
    arg_min(rated_at, event_number) as rated_at,
    arg_min(score, event_number) as score,
    arg_min(attitude, event_number) as attitude,
    arg_min(skill, event_number) as skill,
    arg_min(speed, event_number) as speed
from said
group by owner_id, stream

-- check: Every visit begins with an arrival.
select hall, visit_id from visits where arrived_at is null

-- check: Only a visit that was served is closed by a clerk and rated.
select hall, visit_id from visits
where (closed_by is not null or score is not null) and not is_served

-- check: A visit that was served waited no less than nothing.
select hall, visit_id from visits where wait_seconds < 0 or handling_seconds < 0

-- check: No more recommendations are answered than were made.
select hall, visit_id from visits
where recommendations_accepted + recommendations_declined > recommendations
