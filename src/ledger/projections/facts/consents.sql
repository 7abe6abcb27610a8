-- One row per customer and purpose of a consent.
-- customer_id: key. The customer.
-- purpose: key. What was consented to, for example marketing_sms or face_match.
-- is_standing: last. Whether the consent stands; its last day is a separate column. Consents that
--   stand end when the erasure of the customer's data is scheduled.
-- given_at: last. When it was last given, UTC.
-- valid_until_on: last. The last day of a consent that was given until a day.
-- text_version: last. The version of the text that was agreed to last.
-- proof: last. What proves it: signed_form, counter_screen, sms_reply or recorded_call.
-- withdrawn_at: last. When it was last withdrawn, UTC.
with said as (
    select *, happened_at as given_at, true as is_standing from customer_consent_given
    union all by name
    select *, happened_at as withdrawn_at, false as is_standing from customer_consent_withdrawn
    union all by name
    select *, unnest(consents_ended) as purpose, false as is_standing
    from customer_erasure_scheduled
)

select
    owner_id as customer_id,
    purpose,
    arg_max(is_standing, event_number) as is_standing,
    arg_max(given_at, event_number) as given_at,
    arg_max(valid_until_on, event_number) as valid_until_on,
    arg_max(text_version, event_number) as text_version,
    arg_max(proof, event_number) as proof,
    arg_max(withdrawn_at, event_number) as withdrawn_at
from said
group by owner_id, purpose

-- check: A consent that stands was given.
select customer_id, purpose from consents where is_standing and given_at is null
