-- A hall's day told: one row per event or refusal, the hall's own and its customers' there.
-- hall: The hall.
-- business_on: The hall's local date.
-- happened_at: When it happened at the counter, UTC.
-- sentence: What happened, in English.
-- sentence_zh: What happened, in Chinese.
-- type: The event's type; of a refusal, the interaction's.
-- actor: The clerk, or system:<name>.
-- counter: The counter.
-- visit: The visit.
-- customer_id: The customer whose it is, or the one whom the visit was identified as.
-- partition: The partition of the entry behind it.
-- position: The position of that entry.
-- event_number: The event's number in its partition; null for a refusal.
with told as (
    select
        sentences.hall,
        sentences.happened_at,
        sentences.sentence,
        sentences.sentence_zh,
        sentences.type,
        sentences.actor,
        sentences.counter,
        sentences.visit,
        coalesce(sentences.customer_id, visits.customer_id) as customer_id,
        sentences.partition,
        sentences.position,
        sentences.event_number
    from sentences
    left join visits on visits.hall = sentences.hall and visits.visit_id = sentences.visit
    union all
    select
        hall,
        happened_at,
        sentence,
        sentence_zh,
        type,
        actor,
        counter,
        visit,
        customer_id,
        partition,
        position,
        cast(null as bigint) as event_number
    from refusals
)

select
    hall,
    cast(happened_at + interval 8 hours as date) as business_on,
    happened_at,
    sentence,
    sentence_zh,
    type,
    actor,
    counter,
    visit,
    customer_id,
    partition,
    position,
    event_number
from told
where hall is not null
order by hall, happened_at, partition, position, event_number
