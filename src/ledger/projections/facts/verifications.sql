-- One row per verification of a customer's identity, passed or failed.
-- partition: key. The partition of the entry behind it.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- customer_id: once. The customer.
-- verification_id: once. The verification, named within its customer.
-- purpose: once. What it was made for.
-- hall: once. The hall.
-- clerk: once. The clerk.
-- happened_at: once. When it was made, UTC.
-- business_on: once. The hall's local date of that.
-- is_passed: once. Whether the identity was verified.
-- valid_until_at: once. Until when it may be relied on, UTC; null where it failed.
-- active_numbers: once. The person's numbers in service then; null where it failed.
with said as (
    select *, true as is_passed from customer_identity_verified
    union all by name
    select *, false as is_passed from customer_identity_verification_failed
)

select
    partition,
    event_number,
    position,
    owner_id as customer_id,
    verification_id,
    purpose,
    hall,
    actor as clerk,
    happened_at,
    business_day(happened_at) as business_on,
    is_passed,
    valid_until_at,
    active_numbers
from said

-- check: A verification that passed says how long it holds.
select partition, event_number from verifications
where is_passed <> (valid_until_at is not null) or valid_until_at < happened_at
