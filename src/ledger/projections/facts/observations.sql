-- One row per observation of a clerk at work, as quality inspection makes them.
-- partition: key. The partition of the entry behind it.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- hall: once. The hall.
-- visit_id: once. The visit that was observed.
-- observation_id: once. The observation.
-- method: once. mystery_shop, floor_walk or call_back.
-- clerk: once. The clerk who was observed.
-- observed_by: once. Who observed.
-- happened_at: once. When, UTC.
-- business_on: once. The hall's local date of that.
-- points_bp: once. The points given, in 1/10,000 of those that could be given.
select
    partition,
    event_number,
    position,
    owner_id as hall,
    split_part(stream, '/', 2) as visit_id,
    observation_id,
    method,
    observed_clerk_id as clerk,
    actor as observed_by,
    happened_at,
    business_day(happened_at) as business_on,
    points_bp
from visit_observed
