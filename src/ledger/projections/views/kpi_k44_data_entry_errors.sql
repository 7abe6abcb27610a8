-- K44 Data-entry error rate (录入差错率)
-- Formula: records of the day that were corrected, then or later / records of the day
-- Unit: %
-- Grain: hall, clerk, day
-- Target: kpi.data_entry_error_percent
-- Direction: lower is better
-- hall: The hall where the records were captured.
-- clerk: The clerk who captured them.
-- business_on: The hall's local date of the records.
-- value: Percent of the records.
-- numerator: Records corrected, each once however many of its fields were wrong.
-- denominator: Interactions of the clerk that were recorded and not refused.
with corrected as (
    select distinct owner, wrong_source, wrong_message_id from corrections
)

select
    hall,
    clerk,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        audit_trail.hall,
        audit_trail.actor as clerk,
        -- All halls are in Asia/Shanghai, UTC+8 without summer time.
        cast(audit_trail.happened_at + interval 8 hours as date) as business_on,
        count(corrected.owner) as numerator,
        count(*) as denominator
    from audit_trail
    left join corrected
        on corrected.owner = audit_trail.owner
        and corrected.wrong_source = audit_trail.source
        and corrected.wrong_message_id = audit_trail.message_id
    where audit_trail.outcome = 'recorded'
        and audit_trail.hall is not null
        and not starts_with(audit_trail.actor, 'system:')
    group by all
)
