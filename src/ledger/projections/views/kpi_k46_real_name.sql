-- K46 Real-name compliance (实名合规率)
-- Formula: orders of new lines whose verification of identity held at submission / such orders
-- Unit: %
-- Grain: hall, day
-- Target: kpi.real_name_percent
-- Direction: higher is better
-- hall: The hall that submitted the orders.
-- business_on: The hall's local date of the submission.
-- value: Percent; anything below 100 is a breach of the law.
-- numerator: Of these, orders with a verification of this customer, passed before and valid then.
-- denominator: Orders of kind activation that were submitted.
select
    hall,
    business_on,
    100 * numerator / nullif(denominator, 0) as value,
    numerator,
    denominator
from (
    select
        orders.hall,
        orders.business_on,
        count(*) filter (
            exists (
                select 1 from verifications
                where verifications.customer_id = orders.customer_id
                    and verifications.verification_id = orders.verification_id
                    and verifications.is_passed
                    and verifications.happened_at <= orders.submitted_at
                    and verifications.valid_until_at >= orders.submitted_at
            )
        ) as numerator,
        count(*) as denominator
    from orders
    where orders.kind = 'activation' and orders.submitted_at is not null
    group by orders.hall, orders.business_on
)
