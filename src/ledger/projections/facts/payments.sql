-- One row per payment: money taken for a customer, what it paid for, and what went back.
-- customer_id: key. The customer it was taken for.
-- payment_id: key. The payment, named within its customer.
-- partition: first. The partition that holds the payment's entries.
-- hall: first. The hall that took the money.
-- counter: first. The counter that took the money.
-- clerk: first. The clerk who took the money.
-- visit: first. The visit in which it was paid.
-- business_on: first. The hall's local date of the payment.
-- received_at: first. When the money was taken, UTC.
-- method: first. How it was paid: cash, bank_card, wechat_pay and so on.
-- payer: first. Who paid: owner or third_party.
-- amount_fen: first. What was paid, in fen.
-- change_fen: first. Change given on cash, in fen.
-- allocated_fen: sum. What is allocated to bills and other items, in fen.
-- receipt_number: first. The receipt; null while none is issued.
-- receipted_at: first. When the receipt was issued, UTC.
-- settled_at: first. When all was allocated and receipted, UTC.
-- reversed_at: first. When the payment was reversed, UTC; null where it stands.
-- reversal_reason: first. Why it was reversed.
-- reversed_by: first. The clerk who reversed it.
-- reversal_approver: first. The second person who approved the reversal.
-- refunds_requested: sum. How many refunds were asked for.
-- refunds_denied: sum. How many refunds were denied.
-- refunds_failed: sum. How many attempts to pay a refund failed.
-- refunded_fen: sum. What went back by refunds, in fen.
-- last_refunded_at: max. When the latest refund was paid, UTC.
-- status: last. captured, done or canceled, as TMF676 has it.
with said as (
    select
        *,
        happened_at as received_at,
        actor as clerk,
        hall as received_hall,
        counter as received_counter,
        visit as received_visit,
        'captured' as status
    from payment_received
    union all by name
    select *, list_sum([a.amount_fen for a in allocations]) as allocated_fen from payment_allocated
    union all by name
    select * exclude (amount_fen), happened_at as receipted_at from payment_receipt_issued
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
    arg_min(received_hall, event_number) as hall,
    arg_min(received_counter, event_number) as counter,
    arg_min(clerk, event_number) as clerk,
    arg_min(received_visit, event_number) as visit,
    arg_min(business_day(received_at), event_number) as business_on,
    arg_min(received_at, event_number) as received_at,
    arg_min(method, event_number) as method,
    arg_min(payer, event_number) as payer,
    arg_min(amount_fen, event_number) as amount_fen,
    arg_min(change_fen, event_number) as change_fen,
    cast(coalesce(sum(allocated_fen), 0) as bigint) as allocated_fen,
    arg_min(receipt_number, event_number) as receipt_number,
    arg_min(receipted_at, event_number) as receipted_at,
    arg_min(settled_at, event_number) as settled_at,
    arg_min(reversed_at, event_number) as reversed_at,
    arg_min(reversal_reason, event_number) as reversal_reason,
    arg_min(reversed_by, event_number) as reversed_by,
    arg_min(reversal_approver, event_number) as reversal_approver,
    cast(coalesce(sum(refunds_requested), 0) as bigint) as refunds_requested,
    cast(coalesce(sum(refunds_denied), 0) as bigint) as refunds_denied,
    cast(coalesce(sum(refunds_failed), 0) as bigint) as refunds_failed,
    cast(coalesce(sum(refunded_fen), 0) as bigint) as refunded_fen,
    max(last_refunded_at) as last_refunded_at,
    arg_max(status, event_number) as status
from said
group by owner_id, payment_id

-- check: Every payment was received.
select customer_id, payment_id from payments where received_at is null or amount_fen is null

-- check: No more is allocated than was paid.
select customer_id, payment_id from payments where allocated_fen > amount_fen

-- check: No more goes back than was paid, and nothing where the payment was reversed.
select customer_id, payment_id from payments
where refunded_fen > case when reversed_at is null then amount_fen else 0 end

-- check: A settled payment is allocated whole and has its receipt.
select customer_id, payment_id from payments
where settled_at is not null and (allocated_fen is distinct from amount_fen or receipt_number is null)

-- check: A reversal has a second person.
select customer_id, payment_id from payments
where reversed_at is not null and (reversal_approver is null or reversal_approver = reversed_by)
