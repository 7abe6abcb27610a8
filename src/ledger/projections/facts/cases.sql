-- One row per case of a hall: something of a customer that a clerk keeps an eye on until it ends.
-- hall: key. The hall.
-- case_id: key. The case.
-- partition: first. The partition that holds the case's entries.
-- kind: first. What it is: order, complaint and so on.
-- order_kind: first. The kind of the order, where it is one.
-- customer_id: first. The customer.
-- business_on: first. The hall's local date on which it was taken.
-- taken_at: first. When it was taken, UTC; null where its end was told before.
-- taken_by: first. The clerk who kept it first.
-- keeper: last. The clerk who keeps it, or kept it to its end.
-- due_at: first. Until when it is to be ended, UTC.
-- hand_overs: sum. How often it was offered to another clerk.
-- accepts: sum. How often an offer was accepted.
-- declines: sum. How often an offer was declined.
-- assigns: sum. How often a lead gave it to a clerk without asking.
-- released_at: first. When it ended, UTC.
-- to_state: first. How it ended.
-- unplaced: sum. Tellings of its beginning or end that did not fit.
-- status: last. kept, offered or released; null where nothing of it fitted.
with said as (
    select
        *,
        business_day(happened_at) as business_on,
        happened_at as taken_at,
        keeper_clerk_id as keeper,
        'kept' as status
    from case_taken
    union all by name
    select *, 1 as hand_overs, 'offered' as status from case_handed_over
    union all by name
    select *, 1 as accepts, actor as keeper, 'kept' as status from case_accepted
    union all by name
    select *, 1 as declines, 'kept' as status from case_hand_over_declined
    union all by name
    select *, 1 as assigns, to_clerk_id as keeper, 'kept' as status from case_assigned
    union all by name
    select *, happened_at as released_at, 'released' as status from case_released
    union all by name
    select * exclude (due_at), 1 as unplaced from case_take_unplaced
    union all by name
    select *, happened_at as released_at, 1 as unplaced, 'released' as status
    from case_release_unplaced
)

select
    owner_id as hall,
    case_id,
    any_value(partition) as partition,
    arg_min(kind, event_number) as kind,
    arg_min(order_kind, event_number) as order_kind,
    arg_min(customer_id, event_number) as customer_id,
    arg_min(business_on, event_number) as business_on,
    arg_min(taken_at, event_number) as taken_at,
    arg_min(keeper, event_number) as taken_by,
    arg_max(keeper, event_number) as keeper,
    arg_min(due_at, event_number) as due_at,
    count(hand_overs) as hand_overs,
    count(accepts) as accepts,
    count(declines) as declines,
    count(assigns) as assigns,
    arg_min(released_at, event_number) as released_at,
    arg_min(to_state, event_number) as to_state,
    count(unplaced) as unplaced,
    arg_max(status, event_number) as status
from said
group by owner_id, case_id

-- check: Every case was taken, or something of it did not fit.
select hall, case_id from cases where taken_at is null and unplaced = 0

-- check: Of each offer no more than one answer is known.
select hall, case_id from cases where accepts + declines > hand_overs
