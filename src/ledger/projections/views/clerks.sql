-- One row per clerk, as known now, which is when the newest entry was recorded.
-- clerk: The clerk.
-- role: The clerk's role.
-- hall_ids: The halls that the clerk works in, as JSON; none means all.
-- certifications: What the clerk may do by certificate, from and until when, as JSON.
-- status: in_service, suspended or left.
-- version: The version of the fact; 0 is the founding's.
select clerk, role, hall_ids, certifications, status, version
from clerk_versions
where version = 0 or from_at <= (select max(recorded_at) from positions)
qualify row_number() over (partition by clerk order by version desc, from_at desc) = 1
order by clerk
