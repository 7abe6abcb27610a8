-- One row per hall, as it is now, which is when the newest entry was recorded.
-- hall: The hall.
-- name: Its name.
-- area: urban or rural.
-- opens: When it opens, local time.
-- closes: When it closes, local time.
-- counters: Its counters with their service areas, as JSON.
-- status: active or closed_down.
-- version: The version of the fact; 0 is the founding's.
select hall, name, area, opens, closes, counters, status, version
from hall_versions
where version = 0 or from_at <= (select max(recorded_at) from positions)
qualify row_number() over (partition by hall order by version desc, from_at desc) = 1
order by hall
