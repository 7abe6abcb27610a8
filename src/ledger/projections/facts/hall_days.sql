-- One row per hall and business day: its totals as prepared and signed, and what came too late.
-- hall: key. The hall.
-- business_on: key. The business day, by the hall's local date.
-- partition: first. The partition that holds the day's entries.
-- opened_at: first. When the day was opened, UTC; null where only late entries are known of it.
-- preparations: sum. How often its totals were prepared.
-- withdrawals: sum. How often prepared totals were withdrawn.
-- prepared_at: last. When its totals were last prepared, UTC; these are those below.
-- prepared_by: last. Who prepared them.
-- totals_digest: last. The SHA-256 of them.
-- visits_arrived: last. Visits of the day.
-- visits_completed: last. Visits that a clerk closed.
-- visits_abandoned: last. Visits that were given up.
-- visits_no_show: last. Visits that answered no call.
-- tickets_issued: last. Queue tickets issued.
-- rated: last. Ratings given on the day.
-- rating_sum: last. The scores of these together.
-- in_fen: last. What was paid by all methods, in fen.
-- out_fen: last. What was given back by all methods, in fen.
-- drawers_closed: last. Drawers of the day that were closed.
-- drawer_short_fen: last. What was short in these, in fen.
-- drawer_over_fen: last. What was over in these, in fen.
-- to_deposit_fen: last. What of these is to go to the bank, in fen.
-- shifts_forced: last. Shifts of the day that were closed by force.
-- differing_methods: last. Methods of payment whose terminal total differs from the ledger's.
-- terminal_difference_fen: last. What the terminals took in net, less what the ledger has of the
--   same methods, in fen.
-- signed_at: first. When the totals were signed off, UTC; null where they are not.
-- signed_by: first. Who signed them.
-- signed_digest: first. The SHA-256 of what was signed.
-- overdue_at: first. When the sign-off was found overdue, UTC; null where it never was.
-- late_entries: sum. Payments and orders of the day that became known after it was signed off.
-- status: last. open, prepared or signed_off; null where only late entries are known.
with said as (
    select *, happened_at as opened_at, 'open' as status from hall_day_opened
    union all by name
    select
        *,
        happened_at as prepared_at,
        actor as prepared_by,
        list_sum([p.in_fen for p in totals.payments]) as in_fen,
        list_sum([p.out_fen for p in totals.payments]) as out_fen,
        len(differences) as differing_methods,
        -- What does not differ is left out of a difference.
        list_sum([coalesce(d.in_fen, 0) - coalesce(d.out_fen, 0) for d in differences])
            as terminal_difference_fen,
        'prepared' as status
    from hall_day_prepared
    union all by name
    select *, 1 as withdrawals, 'open' as status from hall_day_withdrawn
    union all by name
    select
        * exclude (totals_digest, prepared_by),
        happened_at as signed_at,
        actor as signed_by,
        totals_digest as signed_digest,
        'signed_off' as status
    from hall_day_signed_off
    union all by name
    select *, happened_at as overdue_at from hall_day_overdue
    union all by name
    select * exclude (business_on), noted_for_on as business_on, 1 as late_entries
    from hall_day_late_entry_noted
)

select
    owner_id as hall,
    business_on,
    any_value(partition) as partition,
    arg_min(opened_at, event_number) as opened_at,
    count(prepared_at) as preparations,
    count(withdrawals) as withdrawals,
    arg_max(prepared_at, event_number) as prepared_at,
    arg_max(prepared_by, event_number) as prepared_by,
    arg_max(totals_digest, event_number) as totals_digest,
    arg_max(totals.visits_arrived, event_number) as visits_arrived,
    arg_max(totals.visits_completed, event_number) as visits_completed,
    arg_max(totals.visits_abandoned, event_number) as visits_abandoned,
    arg_max(totals.visits_no_show, event_number) as visits_no_show,
    arg_max(totals.tickets_issued, event_number) as tickets_issued,
    arg_max(totals.rated, event_number) as rated,
    arg_max(totals.rating_sum, event_number) as rating_sum,
    cast(arg_max(coalesce(in_fen, 0), event_number) filter (prepared_at is not null) as bigint)
        as in_fen,
    cast(arg_max(coalesce(out_fen, 0), event_number) filter (prepared_at is not null) as bigint)
        as out_fen,
    arg_max(totals.drawers_closed, event_number) as drawers_closed,
    arg_max(totals.drawer_short_fen, event_number) as drawer_short_fen,
    arg_max(totals.drawer_over_fen, event_number) as drawer_over_fen,
    arg_max(totals.to_deposit_fen, event_number) as to_deposit_fen,
    arg_max(totals.shifts_forced, event_number) as shifts_forced,
    arg_max(differing_methods, event_number) as differing_methods,
    cast(arg_max(coalesce(terminal_difference_fen, 0), event_number)
        filter (prepared_at is not null) as bigint) as terminal_difference_fen,
    arg_min(signed_at, event_number) as signed_at,
    arg_min(signed_by, event_number) as signed_by,
    arg_min(signed_digest, event_number) as signed_digest,
    arg_min(overdue_at, event_number) as overdue_at,
    count(late_entries) as late_entries,
    arg_max(status, event_number) as status
from said
group by owner_id, business_on

-- check: Every day was opened, or is only named by late entries.
select hall, business_on from hall_days
where opened_at is null and (late_entries = 0 or status is not null)

-- check: What was signed is what was prepared.
select hall, business_on from hall_days
where signed_at is not null and signed_digest is distinct from totals_digest

-- check: Totals are withdrawn no more often than they were prepared.
select hall, business_on from hall_days where withdrawals > preparations
