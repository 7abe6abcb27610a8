-- One row per customer or clerk whose personal data are to be erased, or were.
-- owner: key. Whose data they are: customer/<id> or clerk/<id>.
-- partition: first. The partition that holds the owner's entries.
-- trigger: last. Why; null for a clerk, whose time is over.
-- request_id: last. The customer's own request for it, where there was one.
-- scheduled_at: last. When erasure was last scheduled, UTC; null where it was ordered at once.
-- scheduled_position: last. The position of that entry.
-- erase_not_before_on: last. The first day on which law keeps nothing any more, as last scheduled.
-- kept: last. What the data are kept for until then.
-- ordered_at: first. When erasure was ordered, UTC; from then on nobody reads in clear.
-- ordered_by: first. Who ordered it.
-- approver: first. The second person.
-- erased_at: first. When the vault had destroyed the keys, UTC; null until that is confirmed.
-- keys_destroyed: first. How many keys.
-- proof_digest: first. The digest of what the vault says it by.
with said as (
    select *, happened_at as scheduled_at from customer_erasure_scheduled
    union all by name
    select *, happened_at as ordered_at from customer_erasure_ordered
    union all by name
    select *, happened_at as ordered_at from clerk_erasure_ordered
    union all by name
    select *, destroyed_at as erased_at from customer_erased
    union all by name
    select *, destroyed_at as erased_at from clerk_erased
)

select
    owner,
    any_value(partition) as partition,
    arg_max(trigger, event_number) as trigger,
    arg_max(request_id, event_number) as request_id,
    arg_max(scheduled_at, event_number) as scheduled_at,
    arg_max(position, event_number) filter (scheduled_at is not null) as scheduled_position,
    arg_max(erase_not_before_on, event_number) as erase_not_before_on,
    arg_max(array_to_string(kept, ', '), event_number) as kept,
    any_value(ordered_at) as ordered_at,
    any_value(actor) filter (ordered_at is not null) as ordered_by,
    any_value(approver) filter (ordered_at is not null) as approver,
    any_value(erased_at) as erased_at,
    any_value(keys_destroyed) as keys_destroyed,
    any_value(proof_digest) as proof_digest
from said
group by owner

-- check: What is erased was ordered before, by two people.
select owner from erasures
where (erased_at is not null and ordered_at is null)
    or (ordered_at is not null and (approver is null or approver = ordered_by))
