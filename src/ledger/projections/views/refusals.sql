-- One row per refused interaction: who tried what, and which rule stood against it.
-- partition: The partition of the refused interaction's entry.
-- position: The position of that entry.
-- happened_at: When it was tried at the counter, UTC.
-- type: The interaction's type.
-- owner: Whom it concerns, for example customer/<id> or hall/<id>.
-- hall: The hall.
-- counter: The counter.
-- visit: The visit.
-- customer_id: The customer whose it is, or the one whom the visit was identified as.
-- actor: The clerk, or system:<name>.
-- rule: The first rule that was broken.
-- sentence: What was tried and refused, in English.
-- sentence_zh: What was tried and refused, in Chinese.
select
    audit_trail.partition,
    audit_trail.position,
    audit_trail.happened_at,
    audit_trail.type,
    audit_trail.owner,
    audit_trail.hall,
    audit_trail.counter,
    audit_trail.visit,
    case
        when audit_trail.owner like 'customer/%' then split_part(audit_trail.owner, '/', 2)
        else visits.customer_id
    end as customer_id,
    audit_trail.actor,
    audit_trail.rule,
    concat(
        replace(audit_trail.actor, 'system:', 'system '), ' tried to ',
        coalesce(lower(interactions.name[1]) || interactions.name[2:], audit_trail.type),
        ', refused by ', audit_trail.rule, ': ', rules.sentence,
        ' (' || nullif(nullif(audit_trail.detail, ''), rules.sentence) || ')'
    ) as sentence,
    concat(
        replace(audit_trail.actor, 'system:', '系统 '), ' 办理“', coalesce(interactions.name_zh, audit_trail.type),
        '”，未受理：', audit_trail.rule, ' ', rules.sentence_zh
    ) as sentence_zh
from audit_trail
left join interactions on interactions.type = audit_trail.type
left join rules on rules.rule = audit_trail.rule
left join visits
    on audit_trail.owner = concat('hall/', visits.hall)
    and visits.visit_id = audit_trail.visit
where audit_trail.outcome = 'refused'
