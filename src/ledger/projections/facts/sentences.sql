-- One row per event, as one sentence that people can read.
-- partition: key. The partition.
-- event_number: key. The event's number in its partition.
-- position: once. The position of the event's entry.
-- happened_at: once. When it happened at the counter, UTC.
-- type: once. The event's type.
-- customer_id: once. The customer whose event it is; null for events of others.
-- hall: once. The hall.
-- counter: once. The counter.
-- visit: once. The visit.
-- actor: once. The clerk, or system:<name>.
-- sentence: once. What happened, in English.
-- sentence_zh: once. What happened, in Chinese.
select
    partition,
    event_number,
    position,
    happened_at,
    tag as type,
    owner_id as customer_id,
    hall,
    counter,
    visit,
    actor,
    '' as sentence,
    '' as sentence_zh
from events
where false

-- check: Every event that was decided has its sentence.
with told as (
    select partition, position, count(*) as sentences from sentences group by partition, position
)

select partition, position, events
from audit_trail
left join told using (partition, position)
where outcome = 'recorded' and events <> coalesce(sentences, 0)
