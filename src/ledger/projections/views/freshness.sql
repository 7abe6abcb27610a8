-- How far the tables are, one row per partition.
-- partition: The partition.
-- position: The position of the newest entry in the tables.
-- recorded_at: When that entry was recorded, UTC.
select partition, position, recorded_at from positions
