-- One row per customer, without personal fields.
-- customer_id: key. The customer.
-- partition: first. The partition that holds the customer's entries.
-- party_kind: first. person or organisation.
-- identity_basis: first. Whether the id comes from a document or from a contact.
-- registered_at: first. When the customer was registered, UTC.
-- registered_hall: first. The hall that registered the customer.
-- registered_by: first. The clerk who registered the customer.
-- minor: first. no, under_14 or 14_to_17, at registration.
-- status: last. prospective until an identity is verified, then active.
-- verified_at: first. When identity was first verified, UTC; null where it never was.
-- last_verified_at: last. When identity was last verified, UTC.
-- verified_until_at: last. Until when the last verification may be relied on, UTC.
-- verifications: sum. How often identity was verified.
-- failed_verifications: sum. How often a verification failed.
-- data_updates: sum. How often the customer's data was updated.
-- consents_given: sum. How often a consent was given; `consents` says which of them stand.
-- consents_withdrawn: sum. How often a consent was withdrawn.
-- last_seen_at: max. When the customer's last event happened, UTC.
with said as (
    select *, happened_at as registered_at, hall as registered_hall, 'prospective' as status
    from customer_registered
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
    arg_min(party_kind, event_number) as party_kind,
    arg_min(identity_basis, event_number) as identity_basis,
    arg_min(registered_at, event_number) as registered_at,
    arg_min(registered_hall, event_number) as registered_hall,
    arg_min(actor, event_number) filter (registered_at is not null) as registered_by,
    arg_min(minor, event_number) as minor,
    arg_max(status, event_number) as status,
    arg_min(verified_at, event_number) as verified_at,
    arg_max(verified_at, event_number) as last_verified_at,
    arg_max(valid_until_at, event_number) as verified_until_at,
    count(verified_at) as verifications,
    cast(coalesce(sum(failed_verifications), 0) as bigint) as failed_verifications,
    cast(coalesce(sum(data_updates), 0) as bigint) as data_updates,
    cast(coalesce(sum(consents_given), 0) as bigint) as consents_given,
    cast(coalesce(sum(consents_withdrawn), 0) as bigint) as consents_withdrawn,
    max(happened_at) as last_seen_at
from said
group by owner_id

-- check: Every customer was registered.
select customer_id from customers where registered_at is null

-- check: A customer is active once, and only once, identity was verified.
select customer_id from customers where (status = 'active') <> (verifications > 0)
