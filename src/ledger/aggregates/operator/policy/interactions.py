"""What is said of a version of the policy."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates import model
from ledger.aggregates.model import Interaction
from ledger.parameter import Status, Unit
from ledger.values import Id, Moment, Str64, Str100, Str200

Version = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"\A[A-Za-z0-9._-]+\Z")]
Words = Annotated[list[Str64], Meta(max_length=40)]
WordMap = Annotated[dict[Id, int | Str64], Meta(max_length=40)]
PolicyReason = Literal[
    "initial",
    "law_changed",
    "regulator_instruction",
    "internal_decision",
    "error_found",
    "improvement",
]


class ParameterValue(model.Fields):
    """One parameter that the version changes, and by what right."""

    name: Str100
    value: int | bool | Str200 | Words | WordMap
    unit: Unit
    source_title: Str200 | None = None
    article: Str64 | None = None
    source_status: Status


class Publish(
    Interaction,
    type="policy.publish.v1",
    allowed_in=("-",),
    roles=("compliance_officer",),
    approver=("manager", "regional_manager", "privacy_officer"),
):
    """`parameters` are those that differ from the version it is based on."""

    policy_version: Version
    based_on: Version
    effective_from_at: Moment
    effective_to_at: Moment | None = None
    parameters: Annotated[tuple[ParameterValue, ...], Meta(min_length=1, max_length=200)]
    reason: PolicyReason


class Withdraw(
    Interaction,
    type="policy.withdraw.v1",
    allowed_in=("published",),
    roles=("compliance_officer",),
    approver=("manager", "regional_manager"),
):
    policy_version: Version
    reason: PolicyReason


AnyInteraction = Publish | Withdraw
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
