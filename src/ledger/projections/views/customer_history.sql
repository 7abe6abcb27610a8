-- What happened with a customer, one row per event or refusal, each with a sentence.
-- customer_id: The customer.
-- happened_at: When it happened at the counter, UTC.
-- sentence: What happened, in English.
-- sentence_zh: What happened, in Chinese.
-- type: The event's type; of a refusal, the interaction's.
-- hall: The hall.
-- visit: The visit.
-- actor: The clerk, or system:<name>.
-- partition: The partition of the entry behind it.
-- position: The position of that entry.
-- event_number: The event's number in its partition; null for a refusal.
with told as (
    select * from sentences where customer_id is not null
    union all
    select sentences.* replace (visits.customer_id as customer_id)
    from sentences
    join visits on visits.hall = sentences.hall and visits.visit_id = sentences.visit
    where
        sentences.type like 'visit.%'
        and sentences.customer_id is null
        and visits.customer_id is not null
),

refused as (
    select
        customer_id,
        happened_at,
        sentence,
        sentence_zh,
        type,
        hall,
        visit,
        actor,
        partition,
        position,
        cast(null as bigint) as event_number
    from refusals
)

select
    customer_id,
    happened_at,
    sentence,
    sentence_zh,
    type,
    hall,
    visit,
    actor,
    partition,
    position,
    event_number
from told
union all
select * from refused where customer_id is not null
order by customer_id, happened_at, partition, position, event_number
