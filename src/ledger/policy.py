"""Policy: the numbers that law or company set, each with its source, in dated versions.

A rule never holds such a number itself: it names a `Parameter` and reads it from the policy that
is in force when it decides (`policy[QUEUE_MAX_CALLS]`).
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from ledger.parameter import Parameter, T, Value
from ledger.values import Moment

CLOCK_SKEW_SECONDS: Final = Parameter("ledger.clock_skew_seconds", 120, "seconds")
BACKDATE_DAYS: Final = Parameter("clock.backdate_days", 3, "days")
CLOCK_JUMP_DAYS: Final = Parameter("clock.simulated_jump_days", 31, "days")
CORRECTION_SELF_DAYS: Final = Parameter("correction.self_days", 7, "days")
CERTIFICATION_REQUIRED: Final = Parameter("certification.required", True, "bool")
SECOND_PERSON_ROLES: Final = Parameter(
    "approval.second_person_roles", ("supervisor", "manager", "regional_manager"), "set"
)
SHIFT_CERTIFICATIONS: Final = Parameter(
    "shift.required_certifications", {"counter": "real_name", "cashier": "cash"}, "map"
)
SHIFT_LOGIN_REQUIRED: Final = Parameter("shift.login_required", False, "bool")
SHIFT_HELP_CONFIRM_DAYS: Final = Parameter("shift.help_confirm_days", 2, "days")
SHIFT_HANDOVER_HORIZON_HOURS: Final = Parameter("shift.handover_horizon_hours", 24, "hours")
SHIFT_OVERRUN_MINUTES: Final = Parameter("shift.overrun_minutes", 60, "minutes")
CASH_DRAWER_MOVES: Final = Parameter("cash.drawer_moves", False, "bool")

CASH_FLOAT_FEN: Final = Parameter("cash.float_fen", 50_000, "fen")
CASH_DRAWER_LIMIT_FEN: Final = Parameter("cash.drawer_limit_fen", 1_000_000, "fen")
CASH_LIMIT_MINUTES: Final = Parameter("cash.limit_minutes", 30, "minutes")
CASH_TOLERANCE_FEN: Final = Parameter("cash.tolerance_fen", 0, "fen")
CASH_EXPLAIN_HOURS: Final = Parameter("cash.explain_hours", 24, "hours")
CASH_DEPOSIT_DAYS: Final = Parameter("cash.deposit_days", 1, "days")
HALL_DAY_TWO_PEOPLE: Final = Parameter(
    "hall_day.two_people", True, "bool", "会计 separation of duties", "from_memory"
)
HALL_DAY_SIGN_OFF_BY: Final = Parameter("hall_day.sign_off_by", "12:00", "time_of_day")

QUEUE_MAX_CALLS: Final = Parameter("queue.max_calls", 3, "count")
QUEUE_CALL_WAIT_SECONDS: Final = Parameter("queue.call_wait_seconds", 60, "seconds")
QUEUE_REJOIN_SECONDS: Final = Parameter("queue.rejoin_seconds", 1800, "seconds")
QUEUE_WAIT_TARGET_SECONDS: Final = Parameter("queue.wait_target_seconds", 600, "seconds")
VISIT_LAPSE_SECONDS: Final = Parameter("visit.lapse_seconds", 3600, "seconds")
VISIT_KEY_DAYS: Final = Parameter("visit.key_days", 30, "days", "PIPL art 19, our figure")
RATING_MIN: Final = Parameter("rating.min", 1, "points")
RATING_MAX: Final = Parameter("rating.max", 5, "points")
RATING_WINDOW_DAYS: Final = Parameter("rating.window_days", 7, "days")

CASH_CHECK_FROM_FEN: Final = Parameter("cash.counterfeit_check_from_fen", 5_000, "fen")
CASH_SELF_LIMIT_FEN: Final = Parameter("cash.self_limit_fen", 1_000_000, "fen")
ALLOCATION_ORDER: Final = Parameter("payment.allocation_order", "oldest_first", "enum")
RECEIPT_MINUTES: Final = Parameter("payment.receipt_minutes", 10, "minutes")
RECEIPT_REQUIRED: Final = Parameter("payment.receipt_required", True, "bool")
REVERSE_SAME_DAY: Final = Parameter("payment.reverse_same_day", True, "bool")
REFUND_SAME_METHOD: Final = Parameter("refund.same_method", True, "bool")
REFUND_PAY_DAYS: Final = Parameter("refund.pay_days", 7, "days")

GUARDIAN_AGE: Final = Parameter("privacy.guardian_age", 14, "count", "PIPL arts 28, 31", "verified")
VALID_DOCUMENTS: Final = Parameter(
    "realname.valid_documents",
    (
        "resident_id",
        "temporary_resident_id",
        "household_register",
        "military_id",
        "armed_police_id",
        "hong_kong_macao_permit",
        "taiwan_permit",
        "residence_permit_hmt",
        "foreign_passport",
        "foreigner_residence_permit",
        "business_licence",
        "organisation_certificate",
    ),
    "set",
    "MIIT Order 25 art 7",
    "verified",
)
VERIFICATION_VALID_HOURS: Final = Parameter("realname.verification_valid_hours", 24, "hours")
FACE_MATCH_REQUIRED: Final = Parameter(
    "realname.face_match_required",
    True,
    "bool",
    "MIIT notice on real-name registration, in force 2019-12-01",
    "verified",
    must_be=True,
)
FACE_ALTERNATIVE_ALLOWED: Final = Parameter("realname.face_alternative_allowed", False, "bool")
COPY_MARKING: Final = Parameter(
    "realname.copy_marking", True, "bool", "MIIT Order 25 (draft), art 9", "verified"
)
AGENT_BOTH_IDS: Final = Parameter(
    "realname.agent_both_ids", True, "bool", "MIIT Order 25 art 6", "verified", must_be=True
)
REQUEST_ANSWER_DAYS: Final = Parameter(
    "privacy.request_answer_days", 15, "days", "MIIT Order 24 art 12", "from_memory", at_most=15
)
REFUSAL_NEEDS_REASON: Final = Parameter(
    "privacy.refusal_of_request_needs_reason",
    True,
    "bool",
    "PIPL art 50",
    "verified",
    must_be=True,
)
LISTING_MAX_YEARS: Final = Parameter(
    "fraud.listing_max_years",
    5,
    "years",
    "joint punishment measures on telecom fraud 2024",
    "verified",
    at_most=5,
)
IDENTITY_RETENTION_YEARS: Final = Parameter(
    "retention.identity_years", 2, "years", "MIIT Order 25", "verified", at_least=2
)
AGREEMENT_RETENTION_YEARS: Final = Parameter(
    "retention.agreement_years", 3, "years", "limitation period, 民法典 art 188", "from_memory"
)
BILLING_RETENTION_MONTHS: Final = Parameter(
    "retention.billing_months", 5, "months", "电信服务规范", "from_memory", at_least=5
)
CONSENT_PROOF_MONTHS: Final = Parameter(
    "marketing.consent_proof_months",
    5,
    "months",
    "通信短信息和语音呼叫服务管理规定 (draft of 2020)",
    "verified",
)

MAX_ACTIVE_NUMBERS: Final = Parameter(
    "realname.max_active_numbers_per_id_per_operator",
    5,
    "count",
    "joint notice of six departments 2016, point 4",
    "verified",
    at_most=5,
)
COUNTED_FAMILIES: Final = Parameter("realname.counted_families", ("mobile",), "set")
SUSPEND_AFTER_DAYS: Final = Parameter(
    "arrears.suspend_after_days",
    30,
    "days",
    "Telecom Regulation art 34",
    "verified",
    at_least=30,
)
TERMINATE_AFTER_SUSPEND_DAYS: Final = Parameter(
    "arrears.terminate_after_suspend_days",
    60,
    "days",
    "Telecom Regulation art 34",
    "verified",
    at_least=60,
)
RESUME_WITHIN_HOURS: Final = Parameter(
    "arrears.resume_within_hours", 48, "hours", "Telecom Regulation art 34", "verified", at_most=48
)
LATE_FEE_PERMILLE: Final = Parameter(
    "arrears.late_fee_permille_per_day",
    3,
    "permille",
    "Telecom Regulation art 34",
    "verified",
    at_most=3,
)
LOSS_NEEDS_DOCUMENT: Final = Parameter("suspension.loss_needs_document", False, "bool")
MAX_LOCK_MONTHS: Final = Parameter("contract.max_lock_months", 36, "months")
QUOTE_VALID_DAYS: Final = Parameter("exit_fee.quote_valid_days", 7, "days")
ABNORMAL_MULTIPLIER: Final = Parameter(
    "bill.abnormal_multiplier", 5, "count", "Telecom Regulation art 33", "verified", at_most=5
)
BILL_DETAIL_FREE: Final = Parameter(
    "bill.detail_free", True, "bool", "Telecom Regulation art 33", "verified", must_be=True
)
DISPUTE_MONTHS: Final = Parameter(
    "appeal.window_fee_months",
    5,
    "months",
    "telecom users' appeal measures art 11",
    "verified",
    at_least=5,
)
ADJUSTMENT_SELF_LIMIT_FEN: Final = Parameter("adjustment.self_limit_fen", 10_000, "fen")
CLAW_BACK_DAYS: Final = Parameter("sales.claw_back_days", 30, "days")

NO_FORCED_BUNDLE: Final = Parameter(
    "service.no_forced_bundle", True, "bool", "Telecom Regulation art 40", "verified", must_be=True
)
ADD_ON_CONFIRMATION: Final = Parameter(
    "addon.second_confirmation", True, "bool", "Telecom Regulation art 40(1)", must_be=True
)
LISTED_PERSON_RESTRICTION: Final = Parameter(
    "fraud.listed_person_restriction",
    True,
    "bool",
    "joint-punishment measures, in force 2024-12-01",
    "verified",
    must_be=True,
)
IOT_ASSESSMENT_REQUIRED: Final = Parameter(
    "fraud.iot_risk_assessment_required",
    True,
    "bool",
    "Anti-fraud Law art 12",
    "verified",
    must_be=True,
)
RESERVATION_MINUTES: Final = Parameter("number.reservation_minutes", 60, "minutes")
DRAFT_HOURS: Final = Parameter("order.draft_hours", 72, "hours")
CANCELLATION_FEE_FEN: Final = Parameter("order.cancellation_fee_before_activation_fen", 0, "fen")
OUT_OF_ORDER: Final = Parameter("procedure.out_of_order", "refuse", "enum")
CHANGE_LIMIT_HOURS: Final = Parameter(
    "mobile.change_limit_hours", 24, "hours", "3G service specification 2.4", "verified", at_most=24
)
FIXED_INSTALL_URBAN_DAYS: Final = Parameter(
    "fixed.install_limit.urban_days",
    25,
    "days",
    "Telecom service specification 2005, annex",
    "from_memory",
)
FIXED_INSTALL_RURAL_DAYS: Final = Parameter(
    "fixed.install_limit.rural_days",
    30,
    "days",
    "Telecom service specification 2005, annex",
    "from_memory",
)
BROADBAND_INSTALL_URBAN_WORKING_DAYS: Final = Parameter(
    "broadband.install_limit.urban_working_days",
    16,
    "working_days",
    "Internet access service specification 2013",
    "from_memory",
)
BROADBAND_INSTALL_RURAL_WORKING_DAYS: Final = Parameter(
    "broadband.install_limit.rural_working_days",
    20,
    "working_days",
    "Internet access service specification 2013",
    "from_memory",
)
LATE_PENALTY_PERCENT: Final = Parameter(
    "install.late_penalty_percent_per_day",
    1,
    "percent",
    "Telecom Regulation art 31",
    "verified",
    at_least=1,
)

KPI_AVERAGE_WAIT_SECONDS: Final = Parameter("kpi.average_wait_seconds", 480, "seconds")
KPI_P90_WAIT_SECONDS: Final = Parameter("kpi.p90_wait_seconds", 900, "seconds")
KPI_WAIT_WITHIN_TARGET: Final = Parameter("kpi.wait_within_target_percent", 90, "percent")
KPI_ABANDONMENT: Final = Parameter("kpi.abandonment_percent", 5, "percent")
KPI_AVERAGE_HANDLING_SECONDS: Final = Parameter("kpi.average_handling_seconds", 900, "seconds")
KPI_VISITS_PER_HOUR: Final = Parameter("kpi.visits_per_hour", 4, "count")
KPI_CSAT: Final = Parameter("kpi.csat_percent", 90, "percent")
KPI_RATING_RESPONSE: Final = Parameter("kpi.rating_response_percent", 30, "percent")
KPI_REVERSAL: Final = Parameter("kpi.reversal_percent", 1, "percent")
KPI_COUNTER_UTILISATION: Final = Parameter("kpi.counter_utilisation_percent", 60, "percent")
KPI_CASH_DISCREPANCY_FEN: Final = Parameter("kpi.cash_discrepancy_fen", 0, "fen")
KPI_UNEXPLAINED_CASH: Final = Parameter("kpi.unexplained_cash", 0, "count")
KPI_DATA_ENTRY_ERROR: Final = Parameter("kpi.data_entry_error_percent", 1, "percent")
KPI_ADD_ON_ATTACH: Final = Parameter("kpi.add_on_attach_percent", 30, "percent")
KPI_NET_NEW_LINES: Final = Parameter("kpi.net_new_lines", 5, "count")
KPI_SALES_VALUE_FEN: Final = Parameter("kpi.sales_value_fen", 5_000, "fen")
KPI_EARLY_CANCEL: Final = Parameter("kpi.early_cancel_percent", 5, "percent")
KPI_FALL_OUT: Final = Parameter("kpi.fall_out_percent", 3, "percent")
KPI_ORDER_CYCLE_HOURS: Final = Parameter("kpi.order_cycle_hours", 24, "hours")
KPI_INSTALL_IN_TIME: Final = Parameter("kpi.install_in_time_percent", 98, "percent")
KPI_REAL_NAME: Final = Parameter(
    "kpi.real_name_percent", 100, "percent", "Anti-fraud Law art 9", "from_memory", at_least=100
)
KPI_QUOTA_BREACHES: Final = Parameter(
    "kpi.quota_breaches",
    0,
    "count",
    "joint notice of six departments 2016, point 4",
    "verified",
    at_most=0,
)
KPI_DEVIATION: Final = Parameter("kpi.deviation_permille", 5, "permille")

REFERENCE_LEAD_SECONDS: Final = Parameter("reference.lead_seconds", 300, "seconds")
TARIFF_VALIDITY_MAX_MONTHS: Final = Parameter("tariff.validity_max_months", 0, "months")
TARIFF_SINGLE_ITEMS: Final = Parameter(
    "tariff.single_items_beside_bundle",
    True,
    "bool",
    "MIIT tariff notice 2018-08",
    "verified",
    must_be=True,
)
TARIFF_PUBLIC_LIST: Final = Parameter(
    "tariff.public_list",
    True,
    "bool",
    "MIIT tariff notice 2018-08; 电信条例 art 30",
    "verified",
    must_be=True,
)
TARIFF_ADS_MATCH: Final = Parameter(
    "tariff.ads_match_disclosure",
    True,
    "bool",
    "MIIT tariff notice 2018-08",
    "verified",
    must_be=True,
)
PORT_NO_PORT_IN_ONLY: Final = Parameter(
    "port.no_port_in_only_offer",
    True,
    "bool",
    "携号转网服务管理规定, prohibition 6",
    "verified",
    must_be=True,
)
HALL_CLOSE_NOTICE_DAYS: Final = Parameter("hall.close_notice_days", 30, "days")

CERTIFICATION_VALID_MONTHS: Final = Parameter("certification.valid_months", 12, "months")
CERTIFICATION_TRAINING_DAYS: Final = Parameter("certification.training_days", 180, "days")
CERTIFICATION_GRANT_DAYS: Final = Parameter("certification.grant_days", 30, "days")
CERTIFICATION_RENEW_DAYS: Final = Parameter("certification.renew_days", 30, "days")
TRAINING_MIN_MINUTES: Final = Parameter("training.min_minutes", 45, "minutes")
ASSESSMENT_PASS_BP: Final = Parameter("assessment.pass_bp", 8_000, "bp")
ASSESSMENT_MAX_ATTEMPTS: Final = Parameter("assessment.max_attempts", 3, "count")
ASSESSMENT_WINDOW_DAYS: Final = Parameter("assessment.window_days", 90, "days")
CLERK_RETENTION_YEARS: Final = Parameter(
    "clerk.retention_years", 2, "years", "劳动合同法 art 50", "from_memory"
)

PARAMETERS: Final[tuple[Parameter[Any], ...]] = tuple(
    cast("Parameter[Any]", value)
    for value in globals().copy().values()
    if isinstance(value, Parameter)
)


class PolicyError(ValueError):
    """A policy names an unknown parameter, or sets one looser than its source allows."""


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version: what differs from the defaults, and from when it is in force."""

    version: str
    effective_from_at: Moment
    parameters: dict[str, Value] = {}


class Policy:
    """The parameters of one version; `policy[PARAMETER]` has the parameter's own type."""

    __slots__ = ("_values", "version")

    def __init__(self, version: str, changed: Mapping[str, Value] | None = None) -> None:
        self.version = version
        self._values: dict[str, Any] = {p.name: p.default for p in PARAMETERS}
        for name, value in (changed or {}).items():
            self._values[name] = _checked(name, value)

    def __getitem__(self, parameter: Parameter[T]) -> T:
        return cast(T, self._values[parameter.name])


_BY_NAME: Final = {parameter.name: parameter for parameter in PARAMETERS}


def parameter_named(name: str) -> Parameter[Any] | None:
    return _BY_NAME.get(name)


def _checked(name: str, value: Value) -> Value | tuple[str, ...]:
    parameter = parameter_named(name)
    if parameter is None:
        raise PolicyError(f"there is no policy parameter {name!r}")
    wrong = parameter.misfit(value) or parameter.too_loose(value)
    if wrong is not None:
        raise PolicyError(wrong)
    return tuple(value) if isinstance(value, list) else value
