-- One row per entry of the log, refused interactions and the founding included.
-- partition: key. The partition.
-- position: key. The entry's position in its partition, from 1.
-- recorded_at: once. When the ledger recorded it, UTC.
-- happened_at: once. When it happened at the counter, as the source says, UTC.
-- source: once. The upstream system that sent the interaction.
-- message_id: once. The interaction's id, unique within its source and owner.
-- type: once. The interaction's type.
-- owner: once. Whom it concerns: customer/<id> or hall/<id>.
-- actor: once. The clerk, or system:<name>.
-- approver: once. The second person, as the source names one.
-- hall: once. The hall.
-- counter: once. The counter.
-- visit: once. The visit.
-- channel: once. The channel, for example store.
-- outcome: once. recorded, refused, founding, unread, or no_interaction.
-- rule: once. The first rule that a refused interaction broke.
-- detail: once. How it broke the rule, or why a message could not be read.
-- events: once. How many events the entry holds.
-- first_event: once. The number of its first event in the partition, or of the next there will be.
-- policy: once. The version of the policy it was decided by.
-- cause: once. The event that a follow-on answers.
-- hash: once. The entry's leaf hash, SHA-256(0x00 and the record) as in RFC 6962, in hex.
select
    partition,
    position,
    recorded_at,
    happened_at,
    source,
    message_id,
    type,
    owner,
    actor,
    approver,
    hall,
    counter,
    visit,
    channel,
    case
        when is_founding then 'founding'
        when is_unread then 'unread'
        when type is null then 'no_interaction'
        when rule is not null then 'refused'
        else 'recorded'
    end as outcome,
    rule,
    detail,
    event_count as events,
    first_event,
    policy,
    cause,
    hash
from entries

-- check: Positions run from 1 without a gap and each stands once.
select partition from audit_trail group by partition
having min(position) <> 1 or max(position) <> count(*) or count(distinct position) <> count(*)

-- check: Events are numbered from 1 without a gap.
select partition, position from audit_trail
qualify first_event <> 1 + coalesce(sum(events) over (
    partition by partition order by position rows between unbounded preceding and 1 preceding
), 0)

-- check: The trail ends where the tables say that they are.
with newest as (
    select partition, max(position) as position, arg_max(hash, position) as hash
    from audit_trail
    group by partition
)

(select * from newest except select partition, position, hash from positions)
union all
(select partition, position, hash from positions except select * from newest)

-- check: A refused interaction has no events, and names its rule.
select partition, position from audit_trail
where outcome = 'refused' and (rule is null or events > 0)
