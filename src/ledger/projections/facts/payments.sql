-- One row per payment: money asked of a customer or taken, what it paid for, and what went back.
-- customer_id: key. The customer it is for.
-- payment_id: key. The payment, named within its customer.
-- partition: first. The partition that holds the payment's entries.
-- hall: first. The hall that began the payment, or took the money at once.
-- counter: first. The counter where that was.
-- clerk: first. The clerk who did it.
-- visit: first. The visit in which it was.
-- begun_at: first. When a card or wallet was asked for the money, UTC; null where none was.
-- business_on: first. The hall's local date on which the money was taken; null where none was.
-- received_at: first. When the money was taken, UTC; null where none was.
-- ended_at: first. When the payment ended without money, UTC.
-- end_reason: first. Why it ended without money.
-- method: first. How it was paid: cash, bank_card, wechat_pay and so on.
-- payer: first. Who paid: owner or third_party.
-- amount_fen: first. What was asked for or paid, in fen.
-- change_fen: first. Change given on cash, in fen.
-- allocated_fen: sum. What is allocated to bills and other items, in fen.
-- receipt_number: first. The receipt; null while none is issued.
-- receipted_at: first. When the receipt was issued, UTC.
-- invoices: sum. How many invoices were issued.
-- invoices_cancelled: sum. How many of them were cancelled.
-- reallocations: sum. How often money was moved from one allocation to another.
-- settled_at: first. When all was allocated and receipted, UTC.
-- reversed_at: first. When the payment was reversed, UTC; null where it stands.
-- reversal_reason: first. Why it was reversed.
-- reversed_by: first. The clerk who reversed it.
-- reversal_approver: first. The second person who approved the reversal.
-- refunds_requested: sum. How many refunds were asked for.
-- refunds_denied: sum. How many refunds were denied.
-- refunds_paid: sum. How many refunds were paid.
-- refunds_failed: sum. How many attempts to pay a refund failed.
-- refunded_fen: sum. What went back by refunds, in fen.
-- last_refunded_at: max. When the latest refund was paid, UTC.
-- status: last. pending_authorization, authorized, captured, done, denied, failed or canceled, as
--   TMF676 has it.
with without_money as (
    select *, 'failed' as status from payment_failed
    union all by name
    select *, 'denied' as status from payment_denied
    union all by name
    select *, 'canceled' as status from payment_canceled
),

said as (
    select
        *,
        happened_at as begun_at,
        actor as clerk,
        hall as taken_hall,
        counter as taken_counter,
        visit as taken_visit,
        'pending_authorization' as status
    from payment_begun
    union all by name
    select *, 'authorized' as status from payment_authorized
    union all by name
    select * exclude (reason), happened_at as ended_at, reason as end_reason from without_money
    union all by name
    select
        *,
        happened_at as received_at,
        actor as clerk,
        coalesce(hall, hall_id) as taken_hall,
        counter as taken_counter,
        visit as taken_visit,
        'captured' as status
    from payment_received
    union all by name
    select *, list_sum([a.amount_fen for a in allocations]) as allocated_fen from payment_allocated
    union all by name
    select *, 1 as reallocations from payment_reallocated
    union all by name
    select * exclude (amount_fen), happened_at as receipted_at from payment_receipt_issued
    union all by name
    select * exclude (amount_fen), 1 as invoices from payment_invoice_issued
    union all by name
    select * exclude (reason), 1 as invoices_cancelled from payment_invoice_cancelled
    union all by name
    select *, happened_at as settled_at, 'done' as status from payment_settled
    union all by name
    select
        * exclude (amount_fen, reason),
        happened_at as reversed_at,
        reason as reversal_reason,
        actor as reversed_by,
        approver as reversal_approver,
        'canceled' as status
    from payment_reversed
    union all by name
    select * exclude (amount_fen), 1 as refunds_requested from payment_refund_requested
    union all by name
    select *, 1 as refunds_denied from payment_refund_denied
    union all by name
    select * exclude (method), happened_at as last_refunded_at, refund_fen as refunded_fen
    from payment_refunded
    union all by name
    select * exclude (method), 1 as refunds_failed from payment_refund_failed
)

select
    owner_id as customer_id,
    payment_id,
    any_value(partition) as partition,
    arg_min(taken_hall, event_number) as hall,
    arg_min(taken_counter, event_number) as counter,
    arg_min(clerk, event_number) as clerk,
    arg_min(taken_visit, event_number) as visit,
    arg_min(begun_at, event_number) as begun_at,
    arg_min(business_day(received_at), event_number) as business_on,
    arg_min(received_at, event_number) as received_at,
    arg_min(ended_at, event_number) as ended_at,
    arg_min(end_reason, event_number) as end_reason,
    arg_min(method, event_number) as method,
    arg_min(payer, event_number) as payer,
    arg_min(amount_fen, event_number) as amount_fen,
    arg_min(change_fen, event_number) as change_fen,
    cast(coalesce(sum(allocated_fen), 0) as bigint) as allocated_fen,
    arg_min(receipt_number, event_number) as receipt_number,
    arg_min(receipted_at, event_number) as receipted_at,
    cast(count(invoices) as bigint) as invoices,
    cast(count(invoices_cancelled) as bigint) as invoices_cancelled,
    cast(count(reallocations) as bigint) as reallocations,
    arg_min(settled_at, event_number) as settled_at,
    arg_min(reversed_at, event_number) as reversed_at,
    arg_min(reversal_reason, event_number) as reversal_reason,
    arg_min(reversed_by, event_number) as reversed_by,
    arg_min(reversal_approver, event_number) as reversal_approver,
    cast(coalesce(sum(refunds_requested), 0) as bigint) as refunds_requested,
    cast(coalesce(sum(refunds_denied), 0) as bigint) as refunds_denied,
    count(last_refunded_at) as refunds_paid,
    cast(coalesce(sum(refunds_failed), 0) as bigint) as refunds_failed,
    cast(coalesce(sum(refunded_fen), 0) as bigint) as refunded_fen,
    max(last_refunded_at) as last_refunded_at,
    arg_max(status, event_number) as status
from said
group by owner_id, payment_id

-- check: Every payment was begun or received.
select customer_id, payment_id from payments
where coalesce(begun_at, received_at) is null or amount_fen is null

-- check: A payment that ended without money was never received.
select customer_id, payment_id from payments
where ended_at is not null and (begun_at is null or received_at is not null)

-- check: No more is allocated than was paid.
select customer_id, payment_id from payments
where allocated_fen > case when received_at is null then 0 else amount_fen end

-- check: No more goes back than was paid, and nothing where the payment was reversed.
select customer_id, payment_id from payments
where refunded_fen
    > case when received_at is null or reversed_at is not null then 0 else amount_fen end

-- check: Only an invoice that was issued is cancelled.
select customer_id, payment_id from payments where invoices_cancelled > invoices

-- check: A settled payment is allocated whole and has its receipt.
select customer_id, payment_id from payments
where settled_at is not null
    and (allocated_fen is distinct from amount_fen or receipt_number is null)

-- check: A reversal has a second person.
select customer_id, payment_id from payments
where reversed_at is not null and (reversal_approver is null or reversal_approver = reversed_by)

-- check: No more refunds are denied or paid than were asked for.
select customer_id, payment_id from payments
where refunds_denied + refunds_paid > refunds_requested
