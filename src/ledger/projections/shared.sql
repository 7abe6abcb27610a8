-- What several folds say in the same words. Folds may use these; views may not, because whoever
-- opens a snapshot has neither.

-- The local date in the hall; all halls are in Asia/Shanghai, UTC+8 without summer time.
create or replace macro business_day(moment) as cast(moment + interval 8 hours as date);

-- Orders what happened in several partitions: a place of a `first by` or `last by` column.
create or replace macro place(happened_at, partition, event_number) as {
    'happened_at': happened_at, 'partition': partition, 'event_number': event_number
};

create or replace macro yuan(fen) as '¥' || cast(
    cast(fen as decimal(15, 0)) * cast(0.01 as decimal(2, 2)) as varchar
);
