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
with events as (
    select
        coalesce(sentences.customer_id, visits.customer_id) as customer_id,
        sentences.happened_at,
        sentences.sentence,
        sentences.sentence_zh,
        sentences.type,
        sentences.hall,
        sentences.visit,
        sentences.actor,
        sentences.partition,
        sentences.position,
        sentences.event_number
    from sentences
    left join visits
        on sentences.customer_id is null
        and visits.hall = sentences.hall
        and visits.visit_id = sentences.visit
),

refusals as (
    select
        case
            when audit_trail.owner like 'customer/%' then split_part(audit_trail.owner, '/', 2)
            else visits.customer_id
        end as customer_id,
        audit_trail.happened_at,
        concat(
            'Refused: ', audit_trail.type, ' breaks ', audit_trail.rule, '. ', audit_trail.detail
        ) as sentence,
        concat(
            '未受理：', audit_trail.type, ' 不符合规则 ', audit_trail.rule, '。', rules.sentence_zh
        ) as sentence_zh,
        audit_trail.type,
        audit_trail.hall,
        audit_trail.visit,
        audit_trail.actor,
        audit_trail.partition,
        audit_trail.position,
        cast(null as bigint) as event_number
    from audit_trail
    left join rules on rules.rule = audit_trail.rule
    left join visits
        on audit_trail.owner = concat('hall/', visits.hall)
        and visits.visit_id = audit_trail.visit
    where audit_trail.outcome = 'refused'
)

select * from events where customer_id is not null
union all
select * from refusals where customer_id is not null
order by customer_id, happened_at, partition, position, event_number
