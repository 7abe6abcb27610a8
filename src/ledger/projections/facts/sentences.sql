-- One row per event of a customer or a visit, as one sentence that people can read.
-- partition: key. The partition.
-- event_number: key. The event's number in its partition.
-- position: once. The position of the event's entry.
-- happened_at: once. When it happened at the counter, UTC.
-- type: once. The event's type.
-- customer_id: once. The customer whose event it is; null for events of a visit.
-- hall: once. The hall.
-- visit: once. The visit.
-- actor: once. The clerk, or system:<name>.
-- sentence: once. What happened, in English.
-- sentence_zh: once. What happened, in Chinese.
with said as (
    select
        partition,
        event_number,
        'Arrived at the hall ({word}).' as sentence,
        '到达营业厅（{word}）。' as sentence_zh,
        arrival as word
    from visit_arrived
    union all by name
    select
        partition,
        event_number,
        'Took ticket ' || ticket_no || ' ({word}), ' || waiting_ahead || ' waiting ahead.'
            as sentence,
        '取号 ' || ticket_no || '（{word}），前面 ' || waiting_ahead || ' 人。' as sentence_zh,
        service_area as word
    from visit_ticket_issued
    union all by name
    select
        partition,
        event_number,
        'Was called to counter ' || coalesce(counter, '?') || ' after ' || wait_seconds
            || ' s (call ' || call_count || ').' as sentence,
        '第 ' || call_count || ' 次叫号，请到 ' || coalesce(counter, '?') || ' 号台席，已等候 '
            || wait_seconds || ' 秒。' as sentence_zh
    from visit_ticket_called
    union all by name
    select
        partition,
        event_number,
        'Did not come when called.' as sentence,
        '叫号未到，记为过号。' as sentence_zh
    from visit_no_show_recorded
    union all by name
    select
        partition,
        event_number,
        'Joined the queue again.' as sentence,
        '过号后重新排队。' as sentence_zh
    from visit_rejoined
    union all by name
    select
        partition,
        event_number,
        'Left the queue after ' || wait_seconds || ' s ({word}).' as sentence,
        '等候 ' || wait_seconds || ' 秒后弃号（{word}）。' as sentence_zh,
        reason as word
    from visit_abandoned
    union all by name
    select
        partition,
        event_number,
        'The visit lapsed unserved ({word}).' as sentence,
        '到访未办理，自动结束（{word}）。' as sentence_zh,
        outcome as word
    from visit_lapsed
    union all by name
    select
        partition,
        event_number,
        'Was served at counter ' || coalesce(counter, '?') || ' by ' || actor
            || coalesce(' after waiting ' || wait_seconds || ' s', '') || '.' as sentence,
        actor || ' 在 ' || coalesce(counter, '?') || ' 号台席开始接待'
            || coalesce('，等候 ' || wait_seconds || ' 秒', '') || '。' as sentence_zh
    from visit_started
    union all by name
    select
        partition,
        event_number,
        'Named ' || len(needs) || ' need' || if(len(needs) > 1, 's', '') || ': '
            || en(array_to_string(needs, ', ')) || '.' as sentence,
        '提出 ' || len(needs) || ' 项需求。' as sentence_zh
    from visit_needs_asked
    union all by name
    select
        partition,
        event_number,
        'Was identified as ' || en(role) || ' by {word}.' as sentence,
        '已识别客户身份（{word}）。' as sentence_zh,
        method as word
    from visit_customer_identified
    union all by name
    select
        partition,
        event_number,
        'The visit was closed after ' || handling_seconds || ' s: {word}.' as sentence,
        '办理结束，用时 ' || handling_seconds || ' 秒：{word}。' as sentence_zh,
        outcome as word
    from visit_closed
    union all by name
    select
        partition,
        event_number,
        'Rated the visit ' || score || ' of 5.' as sentence,
        '评价 ' || score || ' 分（满分 5 分）。' as sentence_zh
    from visit_rated
    union all by name
    select
        partition,
        event_number,
        'Was registered as a customer ({word}).' as sentence,
        '建立客户档案（{word}）。' as sentence_zh,
        party_kind as word
    from customer_registered
    union all by name
    select
        partition,
        event_number,
        'Identity was verified for {word}.' as sentence,
        '实名核验通过（{word}）。' as sentence_zh,
        purpose as word
    from customer_identity_verified
    union all by name
    select
        partition,
        event_number,
        'Identity was not verified: '
            || en(array_to_string(reasons, ', ')) || '.' as sentence,
        '实名核验未通过：{word}。' as sentence_zh,
        reasons[1] as word
    from customer_identity_verification_failed
    union all by name
    select
        partition,
        event_number,
        'Customer data was updated.' as sentence,
        '更新客户资料。' as sentence_zh
    from customer_data_updated
    union all by name
    select
        partition,
        event_number,
        'Consented to {word}' || coalesce(' until ' || valid_until_on, '') || '.' as sentence,
        '同意{word}' || coalesce('，有效期至 ' || valid_until_on, '') || '。' as sentence_zh,
        purpose as word
    from customer_consent_given
    union all by name
    select
        partition,
        event_number,
        'Withdrew the consent to {word}.' as sentence,
        '撤回同意：{word}。' as sentence_zh,
        purpose as word
    from customer_consent_withdrawn
    union all by name
    select
        partition,
        event_number,
        'Paid ' || yuan(amount_fen) || ' by {word}.' as sentence,
        '缴费 ' || yuan(amount_fen) || '（{word}）。' as sentence_zh,
        method as word
    from payment_received
    union all by name
    select
        partition,
        event_number,
        'The payment was allocated to ' || len(allocations) || ' item'
            || if(len(allocations) > 1, 's', '')
            || if(unallocated_fen > 0, ', ' || yuan(unallocated_fen) || ' is left', '') || '.'
            as sentence,
        '缴费已分摊至 ' || len(allocations) || ' 项'
            || if(unallocated_fen > 0, '，未分摊 ' || yuan(unallocated_fen), '') || '。'
            as sentence_zh
    from payment_allocated
    union all by name
    select
        partition,
        event_number,
        'The payment is settled.' as sentence,
        '缴费已结清。' as sentence_zh
    from payment_settled
    union all by name
    select
        partition,
        event_number,
        'Receipt ' || receipt_number || ' for ' || yuan(amount_fen) || ' was issued ({word}).'
            as sentence,
        '开具收据 ' || receipt_number || '，金额 ' || yuan(amount_fen) || '（{word}）。'
            as sentence_zh,
        form as word
    from payment_receipt_issued
    union all by name
    select
        partition,
        event_number,
        'The payment of ' || yuan(amount_fen) || ' was reversed ({word}).' as sentence,
        '缴费 ' || yuan(amount_fen) || ' 已冲正（{word}）。' as sentence_zh,
        reason as word
    from payment_reversed
    union all by name
    select
        partition,
        event_number,
        'A refund of ' || yuan(amount_fen) || ' was requested ({word}).' as sentence,
        '申请退款 ' || yuan(amount_fen) || '（{word}）。' as sentence_zh,
        reason as word
    from payment_refund_requested
    union all by name
    select
        partition,
        event_number,
        'The refund of ' || yuan(refund_fen) || ' was approved.' as sentence,
        '退款 ' || yuan(refund_fen) || ' 已批准。' as sentence_zh
    from payment_refund_approved
    union all by name
    select
        partition,
        event_number,
        'The refund was denied.' as sentence,
        '退款未获批准。' as sentence_zh
    from payment_refund_denied
    union all by name
    select
        partition,
        event_number,
        'Received a refund of ' || yuan(refund_fen) || ' by {word}.' as sentence,
        '退款 ' || yuan(refund_fen) || ' 已支付（{word}）。' as sentence_zh,
        method as word
    from payment_refunded
    union all by name
    select
        partition,
        event_number,
        'Paying the refund failed' || coalesce(' ({word})', '') || '.' as sentence,
        '退款支付失败（{word}）。' as sentence_zh,
        coalesce(failure, 'other') as word
    from payment_refund_failed
    union all by name
    select
        partition,
        event_number,
        'The refund is overdue.' as sentence,
        '退款已逾期未付。' as sentence_zh
    from payment_refund_overdue
)

select
    partition,
    event_number,
    events.position,
    events.happened_at,
    events.tag as type,
    case when events.owner like 'customer/%' then events.owner_id end as customer_id,
    events.hall,
    events.visit,
    events.actor,
    coalesce(replace(said.sentence, '{word}', en(word)), said.sentence) as sentence,
    coalesce(replace(said.sentence_zh, '{word}', coalesce(words.word_zh, word)), said.sentence_zh)
        as sentence_zh
from said
join events using (partition, event_number)
left join words using (word)

-- check: Every event of a customer or a visit has its sentence, in both languages.
select partition, event_number from sentences where sentence is null or sentence_zh is null
