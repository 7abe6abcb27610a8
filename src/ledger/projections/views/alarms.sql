-- One row per thing that somebody must look at, or had to: what went wrong, is late or found no
-- place.
-- hall: The hall; null where the entry behind it names none.
-- owner: Whose it is: customer/<id>, hall/<id> and so on.
-- happened_at: When it happened or was found, UTC.
-- kind: The event's type without its version; of a refused follow-on, follow_on_refused; of data
--   that nothing keeps any more and nobody has ordered to be erased, customer.erasure_due.
-- what: What it is, in English.
-- what_zh: What it is, in Chinese.
-- is_open: Whether it still stands; null where the ledger cannot know.
-- partition: The partition of the entry behind it.
-- position: The position of that entry.
with cash_limit as (
    select target from targets where parameter = 'cash.drawer_limit_fen'
),

told as (
    select
        coalesce(
            warnings.hall, orders.hall, payments.hall, customers.registered_hall
        ) as hall,
        warnings.owner,
        warnings.happened_at,
        warnings.kind,
        sentences.sentence as what,
        sentences.sentence_zh as what_zh,
        case warnings.kind
            when 'drawer.limit_exceeded'
                then drawers.status = 'opened' and drawers.expected_fen > cash_limit.target
            when 'drawer.discrepancy_overdue' then drawers.status = 'discrepant'
            when 'drawer.deposit_overdue' then drawers.deposited_at is null
            when 'hall_day.overdue' then hall_days.signed_at is null
            when 'order.overdue' then orders.ended_at is null
            when 'shift.overrun' then shifts.closed_at is null
            when 'payment.refund_overdue'
                then payments.refunds_denied + payments.refunds_paid < payments.refunds_requested
            when 'customer.data_request_overdue'
                then customers.requests_answered < customers.requests
        end as is_open,
        warnings.partition,
        warnings.position
    from warnings
    cross join cash_limit
    left join sentences
        on sentences.partition = warnings.partition
        and sentences.event_number = warnings.event_number
    left join drawers
        on starts_with(warnings.kind, 'drawer.')
        and concat('hall/', drawers.hall) = warnings.owner
        and drawers.drawer_id = warnings.what_id
    left join hall_days
        on warnings.kind = 'hall_day.overdue'
        and concat('hall/', hall_days.hall) = warnings.owner
        and cast(hall_days.business_on as varchar) = warnings.what_id
    left join shifts
        on warnings.kind = 'shift.overrun'
        and concat('hall/', shifts.hall) = warnings.owner
        and shifts.shift_id = warnings.what_id
    left join orders
        on warnings.kind = 'order.overdue'
        and concat('customer/', orders.customer_id) = warnings.owner
        and orders.order_id = warnings.what_id
    left join payments
        on warnings.kind = 'payment.refund_overdue'
        and concat('customer/', payments.customer_id) = warnings.owner
        and payments.payment_id = warnings.what_id
    left join customers
        on warnings.kind = 'customer.data_request_overdue'
        and concat('customer/', customers.customer_id) = warnings.owner
),

refused as (
    select
        audit_trail.hall,
        audit_trail.owner,
        audit_trail.happened_at,
        'follow_on_refused' as kind,
        refusals.sentence as what,
        refusals.sentence_zh as what_zh,
        cast(null as boolean) as is_open,
        audit_trail.partition,
        audit_trail.position
    from audit_trail
    join refusals using (partition, position)
    where audit_trail.source = 'ledger-reactor' and audit_trail.outcome = 'refused'
),

-- The ledger's own time, in the halls' zone: it may be simulated.
today as (
    select cast(max(recorded_at) + interval 8 hours as date) as today_on from positions
),

due as (
    select
        customers.registered_hall as hall,
        erasures.owner,
        cast(erasures.erase_not_before_on as timestamp) - interval 8 hours as happened_at,
        'customer.erasure_due' as kind,
        concat('The personal data may be erased since ', erase_not_before_on, '.') as what,
        concat('个人信息自 ', erase_not_before_on, ' 起可删除。') as what_zh,
        true as is_open,
        erasures.partition,
        erasures.scheduled_position as position
    from erasures
    cross join today
    join customers on concat('customer/', customers.customer_id) = erasures.owner
    where erasures.erase_not_before_on <= today.today_on
        and erasures.ordered_at is null
        and customers.holds_placed = customers.holds_released
        and (
            customers.status = 'prospective'
            or (customers.is_terminated and customers.terminated_at <= erasures.scheduled_at)
        )
)

select * from told
union all
select * from refused
union all
select * from due
order by happened_at, partition, position
