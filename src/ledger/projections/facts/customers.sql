-- One row per customer, without personal fields.
-- customer_id: key. The customer.
-- partition: first. The partition that holds the customer's entries.
-- party_kind: first. person or organisation.
-- identity_basis: first. Whether the id comes from a document or from a contact.
-- registered_at: first. When the customer was registered, UTC.
-- registered_hall: first. The hall that registered the customer.
-- registered_by: first. The clerk who registered the customer.
-- minor: first. no, under_14 or 14_to_17, at registration.
-- status: last. prospective until an identity is verified, then active; `is_terminated` says more.
--   erasing once erasure is ordered, then erased: no personal field can be read any more.
-- is_terminated: last. Whether the file has ended and the customer has not returned since.
-- is_restricted: last. Whether the use of the customer's data is restricted.
-- holds_placed: sum. How many legal holds were placed.
-- holds_released: sum. How many of them were released.
-- readings_in_clear: sum. How often somebody read personal fields in clear.
-- terminated_at: last. When the file ended, at the last time that it did, UTC.
-- verified_at: first. When identity was first verified, UTC; null where it never was.
-- last_verified_at: last. When identity was last verified, UTC.
-- verified_until_at: last. Until when the last verification may be relied on, UTC.
-- verifications: sum. How often identity was verified.
-- failed_verifications: sum. How often a verification failed.
-- data_updates: sum. How often the customer's data was updated.
-- consents_given: sum. How often a consent was given; `consents` says which of them stand.
-- consents_withdrawn: sum. How often a consent was withdrawn.
-- agents_verified: sum. How often an agent of the customer was verified.
-- listings: sum. How often an authority listed the customer.
-- listings_lifted: sum. How many of these listings were lifted.
-- requests: sum. How many requests about personal data were made.
-- requests_answered: sum. How many of them were answered.
-- requests_in_time: sum. How many of these answers were in time.
-- last_seen_at: max. When the latest event that this row tells of happened, UTC.
with said as (
    select *, happened_at as registered_at, hall as registered_hall, 'prospective' as status
    from customer_registered
    union all by name
    select *, true as is_terminated, happened_at as terminated_at from customer_terminated
    union all by name
    select *, false as is_terminated from customer_returned
    union all by name
    select *, 'erasing' as status from customer_erasure_ordered
    union all by name
    select *, 'erased' as status from customer_erased
    union all by name
    select *, true as is_restricted from customer_processing_restricted
    union all by name
    select *, false as is_restricted from customer_restriction_lifted
    union all by name
    select *, 1 as holds_placed from customer_legal_hold_placed
    union all by name
    select *, 1 as holds_released from customer_legal_hold_released
    union all by name
    select *, 1 as readings_in_clear from customer_revealed
    union all by name
    select *, 1 as agents_verified from customer_agent_verified
    union all by name
    select *, 1 as listings from customer_listed
    union all by name
    select *, 1 as listings_lifted from customer_listing_lifted
    union all by name
    select *, 1 as requests from customer_data_requested
    union all by name
    select *, 1 as requests_answered, cast(in_time as integer) as requests_in_time
    from customer_data_request_answered
    union all by name
    select *, happened_at as verified_at, 'active' as status from customer_identity_verified
    union all by name
    select *, 1 as failed_verifications from customer_identity_verification_failed
    union all by name
    select *, 1 as data_updates from customer_data_updated
    union all by name
    select *, 1 as consents_given from customer_consent_given
    union all by name
    select *, 1 as consents_withdrawn from customer_consent_withdrawn
)

select
    owner_id as customer_id,
    any_value(partition) as partition,
    any_value(party_kind) as party_kind,
    any_value(identity_basis) as identity_basis,
    any_value(registered_at) as registered_at,
    any_value(registered_hall) as registered_hall,
    any_value(actor) filter (registered_at is not null) as registered_by,
    any_value(minor) as minor,
    arg_max(status, event_number) as status,
    arg_max(is_terminated, event_number) as is_terminated,
    arg_max(is_restricted, event_number) as is_restricted,
    cast(count(holds_placed) as bigint) as holds_placed,
    cast(count(holds_released) as bigint) as holds_released,
    cast(count(readings_in_clear) as bigint) as readings_in_clear,
    arg_max(terminated_at, event_number) as terminated_at,
    arg_min(verified_at, event_number) as verified_at,
    arg_max(verified_at, event_number) as last_verified_at,
    arg_max(valid_until_at, event_number) filter (verified_at is not null) as verified_until_at,
    count(verified_at) as verifications,
    cast(coalesce(sum(failed_verifications), 0) as bigint) as failed_verifications,
    cast(coalesce(sum(data_updates), 0) as bigint) as data_updates,
    cast(coalesce(sum(consents_given), 0) as bigint) as consents_given,
    cast(coalesce(sum(consents_withdrawn), 0) as bigint) as consents_withdrawn,
    cast(count(agents_verified) as bigint) as agents_verified,
    cast(count(listings) as bigint) as listings,
    cast(count(listings_lifted) as bigint) as listings_lifted,
    cast(count(requests) as bigint) as requests,
    cast(count(requests_answered) as bigint) as requests_answered,
    cast(coalesce(sum(requests_in_time), 0) as bigint) as requests_in_time,
    max(happened_at) as last_seen_at
from said
group by owner_id

-- check: Every customer was registered.
select customer_id from customers where registered_at is null

-- check: A customer is active once, and only once, identity was verified.
select customer_id from customers
where status in ('prospective', 'active') and (status = 'active') <> (verifications > 0)

-- check: Nobody's data are erased while a hold stands.
select customer_id from customers
where status in ('erasing', 'erased') and holds_released < holds_placed

-- check: No more listings are lifted, and no more requests answered, than there were.
select customer_id from customers
where listings_lifted > listings or requests_answered > requests
    or requests_in_time > requests_answered
