"""Policy: the numbers that law or company set, each with its source, in dated versions.

A rule never holds such a number itself: it names a `Parameter` and reads it from the policy that
is in force when it decides (`policy[QUEUE_MAX_CALLS]`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar, cast

import msgspec

Value = int | bool | str | list[str] | dict[str, str]
T = TypeVar("T")

Unit = Literal[
    "seconds", "minutes", "hours", "days", "fen", "points", "percent", "count", "bool", "set", "map"
]
Status = Literal["verified", "from_memory", "practice"]


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One entry of the parameter register.

    `bound` is the loosest value that the source allows: a policy may be stricter, never looser.
    """

    name: str
    default: T
    unit: Unit
    source: str = "PRACTICE"
    status: Status = "practice"
    at_most: int | None = None
    must_be: bool | None = None


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

QUEUE_MAX_CALLS: Final = Parameter("queue.max_calls", 3, "count")
QUEUE_CALL_WAIT_SECONDS: Final = Parameter("queue.call_wait_seconds", 60, "seconds")
QUEUE_REJOIN_SECONDS: Final = Parameter("queue.rejoin_seconds", 1800, "seconds")
QUEUE_WAIT_TARGET_SECONDS: Final = Parameter("queue.wait_target_seconds", 600, "seconds")
VISIT_LAPSE_SECONDS: Final = Parameter("visit.lapse_seconds", 3600, "seconds")
RATING_MIN: Final = Parameter("rating.min", 1, "points")
RATING_MAX: Final = Parameter("rating.max", 5, "points")
RATING_WINDOW_DAYS: Final = Parameter("rating.window_days", 7, "days")

CASH_CHECK_FROM_FEN: Final = Parameter("cash.counterfeit_check_from_fen", 5_000, "fen")
CASH_SELF_LIMIT_FEN: Final = Parameter("cash.self_limit_fen", 1_000_000, "fen")
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

KPI_AVERAGE_WAIT_SECONDS: Final = Parameter("kpi.average_wait_seconds", 480, "seconds")
KPI_P90_WAIT_SECONDS: Final = Parameter("kpi.p90_wait_seconds", 900, "seconds")
KPI_WAIT_WITHIN_TARGET: Final = Parameter("kpi.wait_within_target_percent", 90, "percent")
KPI_ABANDONMENT: Final = Parameter("kpi.abandonment_percent", 5, "percent")
KPI_AVERAGE_HANDLING_SECONDS: Final = Parameter("kpi.average_handling_seconds", 900, "seconds")
KPI_VISITS_PER_HOUR: Final = Parameter("kpi.visits_per_hour", 4, "count")
KPI_CSAT: Final = Parameter("kpi.csat_percent", 90, "percent")
KPI_RATING_RESPONSE: Final = Parameter("kpi.rating_response_percent", 30, "percent")
KPI_REVERSAL: Final = Parameter("kpi.reversal_percent", 1, "percent")

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
    effective_from_at: datetime
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


def _checked(name: str, value: Value) -> Value | tuple[str, ...]:
    parameter = _BY_NAME.get(name)
    if parameter is None:
        raise PolicyError(f"there is no policy parameter {name!r}")
    if isinstance(parameter.default, tuple):
        if not isinstance(value, list):
            raise PolicyError(f"{name} takes a list of texts")
        return tuple(value)
    if type(value) is not type(parameter.default):
        raise PolicyError(f"{name} takes a value in {parameter.unit}, not {value!r}")
    if parameter.must_be is not None and value is not parameter.must_be:
        raise PolicyError(f"{name} must be {parameter.must_be} ({parameter.source})")
    if parameter.at_most is not None and isinstance(value, int) and value > parameter.at_most:
        raise PolicyError(f"{name} is at most {parameter.at_most} ({parameter.source})")
    return value
