-- One row per correction of an entry: what stands wrong in the ledger, and who typed it.
-- partition: key. The partition of the correction's entry.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- owner: once. Whose entry is corrected: customer/<id>, hall/<id> or clerk/<id>.
-- stream: once. The stream of both entries, within its owner.
-- hall: once. The hall.
-- happened_at: once. When it was corrected, UTC.
-- business_on: once. The hall's local date of that.
-- corrected_by: once. The clerk who corrected it.
-- approver: once. The second person, where there was one.
-- clerk_in_error: once. Who recorded the wrong entry: a clerk, or system:<name>.
-- wrong_entry_id: once. The event that is corrected: its entry's source and id, and its number.
-- wrong_source: once. The source of the wrong entry.
-- wrong_message_id: once. The id of the wrong entry within its source and owner.
-- field: once. The field that was wrong.
-- error_kind: once. What kind of error it was.
-- found_by: once. Who found it.
with said as (
    select * from customer_entry_corrected
    union all by name
    select * from order_entry_corrected
    union all by name
    select * from payment_entry_corrected
    union all by name
    select * from subscription_entry_corrected
    union all by name
    select * from visit_entry_corrected
    union all by name
    select * from shift_entry_corrected
    union all by name
    select * from drawer_entry_corrected
    union all by name
    select * from clerk_entry_corrected
)

select
    partition,
    event_number,
    position,
    owner,
    stream,
    hall,
    happened_at,
    business_day(happened_at) as business_on,
    actor as corrected_by,
    approver,
    clerk_in_error,
    wrong_entry_id,
    regexp_extract(wrong_entry_id, '^([^:]*):(.*):[0-9]+$', 1) as wrong_source,
    regexp_extract(wrong_entry_id, '^([^:]*):(.*):[0-9]+$', 2) as wrong_message_id,
    field,
    error_kind,
    found_by
from said

-- check: A field of an event is corrected once.
select wrong_entry_id, field from corrections
group by owner, wrong_entry_id, field having count(*) > 1

-- check: Every correction names an entry of its owner.
select partition, event_number from corrections
anti join audit_trail
    on audit_trail.partition = corrections.partition
    and audit_trail.owner = corrections.owner
    and audit_trail.source = corrections.wrong_source
    and audit_trail.message_id = corrections.wrong_message_id
