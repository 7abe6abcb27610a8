-- One row per event that says of something that somebody must look at it.
-- partition: key. The partition of the entry behind it.
-- event_number: key. The event's number in its partition.
-- position: once. The position of that entry.
-- happened_at: once. When it happened or was found, UTC.
-- kind: once. The event's type without its version, such as drawer.deposit_overdue.
-- owner: once. Whose it is: customer/<id> or hall/<id>.
-- hall: once. The hall, where the entry names one.
-- what_id: once. What it is about, named within its owner: the drawer, case, order, shift, payment
--   or request, or the business day.
-- part_id: once. The payment or refund that it is about, where that is only a part.
with said as (
    select *, 'drawer.receipt_unplaced' as warning, drawer_id as what_id, payment_id as part_id
    from drawer_receipt_unplaced
    union all by name
    select *, 'drawer.payout_unplaced' as warning, drawer_id as what_id, payment_id as part_id
    from drawer_payout_unplaced
    union all by name
    select *, 'drawer.limit_exceeded' as warning, drawer_id as what_id from drawer_limit_exceeded
    union all by name
    select *, 'drawer.discrepancy_overdue' as warning, drawer_id as what_id
    from drawer_discrepancy_overdue
    union all by name
    select *, 'drawer.deposit_overdue' as warning, drawer_id as what_id from drawer_deposit_overdue
    union all by name
    select *, 'hall_day.overdue' as warning, cast(business_on as varchar) as what_id
    from hall_day_overdue
    union all by name
    select *, 'case.take_unplaced' as warning, case_id as what_id from case_take_unplaced
    union all by name
    select *, 'case.release_unplaced' as warning, case_id as what_id from case_release_unplaced
    union all by name
    select *, 'order.overdue' as warning, order_id as what_id from order_overdue
    union all by name
    select *, 'shift.overrun' as warning, shift_id as what_id from shift_overrun
    union all by name
    select *, 'payment.refund_overdue' as warning, payment_id as what_id, refund_id as part_id
    from payment_refund_overdue
    union all by name
    select *, 'customer.data_request_overdue' as warning, request_id as what_id
    from customer_data_request_overdue
)

select
    partition,
    event_number,
    position,
    happened_at,
    warning as kind,
    owner,
    hall,
    what_id,
    part_id
from said
