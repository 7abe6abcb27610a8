"""What is said of a clerk."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.corrections import Correction
from ledger.aggregates.model import Interaction
from ledger.facts import Certification, Role
from ledger.values import Day, Digest, Id, Moment, SealedStr32, SealedStr200, Str64

TrainingSubject = Literal[
    "products",
    "tariffs",
    "system_operation",
    "real_name",
    "fraud_prevention",
    "privacy",
    "porting",
    "complaints",
    "service_manner",
    "sales",
    "cash",
    "safety",
    "procedure_change",
]
TrainingCause = Literal[
    "new_clerk",
    "yearly",
    "new_product",
    "new_policy",
    "new_procedure",
    "failed_assessment",
    "finding",
    "opportunity",
]
HallIds = Annotated[tuple[Id, ...], Meta(max_length=50)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]

IN_HALLS: Final[frozenset[Role]] = frozenset({"clerk", "senior_clerk", "supervisor", "manager"})
RANKS: Final[tuple[Role, ...]] = (
    "clerk",
    "senior_clerk",
    "supervisor",
    "manager",
    "regional_manager",
)
BY_PROMOTION: Final[Mapping[Role, frozenset[Role]]] = MappingProxyType(
    {
        "clerk": frozenset({"senior_clerk", "supervisor", "manager"}),
        "senior_clerk": frozenset({"supervisor", "manager"}),
    }
)
"""What a role is promoted to, and not assigned."""
SUBJECTS: Final[Mapping[Certification, tuple[TrainingSubject, ...]]] = MappingProxyType(
    {
        "real_name": ("real_name",),
        "cash": ("cash",),
        "refunds": ("cash", "complaints"),
        "porting": ("porting",),
        "complaints": ("complaints",),
        "fraud_control": ("fraud_prevention",),
        "archive": ("privacy", "system_operation"),
        "privacy": ("privacy",),
        "iot": ("products", "fraud_prevention"),
        "device_support": ("products", "system_operation"),
    }
)
"""The subjects of which one at least is trained before an assessment for a certification."""


class Engage(
    Interaction,
    type="clerk.engage.v1",
    allowed_in=("-", "left"),
    roles=("hr_officer",),
    systems=("hr",),
):
    full_name: SealedStr200
    employee_no: SealedStr32
    role: Role
    hall_ids: HallIds = ()
    from_on: Day
    employment: Literal["employee", "dispatched", "agency", "trainee"]


class AssignRole(
    Interaction,
    type="clerk.assign_role.v1",
    allowed_in=("engaged",),
    roles=("hr_officer",),
    approver=("manager", "regional_manager", "hr_officer"),
):
    role: Role
    from_on: Day
    reason: Literal["initial", "transfer", "reorganisation", "substitution", "demotion"]


class AssignHall(
    Interaction,
    type="clerk.assign_hall.v1",
    allowed_in=("engaged",),
    roles=("hr_officer", "regional_manager"),
):
    hall_ids: Annotated[HallIds, Meta(min_length=1)]
    from_on: Day


class AssignTraining(
    Interaction,
    type="clerk.assign_training.v1",
    allowed_in=("engaged", "suspended"),
    roles=("trainer", "manager", "hr_officer"),
    systems=("clock", "reactor"),
):
    training_id: Id
    course: Str64
    subjects: Annotated[tuple[TrainingSubject, ...], Meta(min_length=1, max_length=10)]
    mandatory: bool
    due_on: Day
    cause: TrainingCause


class AttendTraining(
    Interaction,
    type="clerk.attend_training.v1",
    allowed_in=("engaged",),
    roles=("trainer",),
    systems=("learning",),
):
    training_id: Id
    session_on: Day
    minutes: Annotated[int, Meta(ge=1, le=1440)]
    mode: Literal["classroom", "online", "on_the_job"]


class CompleteTraining(
    Interaction,
    type="clerk.complete_training.v1",
    allowed_in=("engaged",),
    roles=("trainer",),
    systems=("learning",),
):
    training_id: Id
    content_version: Str64


class MarkTrainingMissed(
    Interaction,
    type="clerk.mark_training_missed.v1",
    allowed_in=("engaged", "suspended"),
    clerks=False,
    systems=("clock",),
):
    training_id: Id


class RecordAssessment(
    Interaction,
    type="clerk.record_assessment.v1",
    allowed_in=("engaged",),
    roles=("trainer",),
    systems=("learning",),
):
    assessment_id: Id
    training_id: Id | None = None
    certification: Certification | None = None
    kind: Literal["written", "practical", "oral"]
    points_bp: BasisPoints
    attempt: Annotated[int, Meta(ge=1, le=100)]
    paper_version: Str64


class GrantCertification(
    Interaction,
    type="clerk.grant_certification.v1",
    allowed_in=("engaged",),
    roles=("trainer", "hr_officer"),
    approver=("manager", "compliance_officer"),
):
    certification: Certification
    assessment_id: Id
    valid_from_on: Day


class WithdrawCertification(
    Interaction,
    type="clerk.withdraw_certification.v1",
    allowed_in=("engaged", "suspended"),
    roles=("compliance_officer", "manager"),
):
    certification: Certification
    reason: Literal["misconduct", "failed_recheck", "finding", "role_left"]
    ref_id: Id | None = None


class ExpireCertification(
    Interaction,
    type="clerk.expire_certification.v1",
    allowed_in=("engaged", "suspended"),
    clerks=False,
    systems=("clock",),
):
    certification: Certification


class Suspend(
    Interaction,
    type="clerk.suspend.v1",
    allowed_in=("engaged",),
    roles=("manager", "hr_officer", "compliance_officer"),
):
    """At once, by one person; that it ends takes two."""

    reason: Literal["investigation", "illness_or_leave", "certification_missing"]
    ref_id: Id | None = None


class Reinstate(
    Interaction,
    type="clerk.reinstate.v1",
    allowed_in=("suspended",),
    roles=("manager", "hr_officer", "compliance_officer"),
    approver=("manager", "hr_officer"),
):
    ref_id: Id | None = None


class Leave(
    Interaction,
    type="clerk.leave.v1",
    allowed_in=("engaged", "suspended", "left"),
    roles=("hr_officer",),
    systems=("hr",),
):
    """Said again with an earlier last day, the clerk leaves earlier."""

    last_day_on: Day
    reason: Literal[
        "resigned", "contract_ended", "dismissed", "retired", "transferred_out", "deceased"
    ]


class RequestErasure(
    Interaction,
    type="clerk.request_erasure.v1",
    allowed_in=("left",),
    roles=("privacy_officer",),
    approver=("hr_officer",),
):
    """The order to delete the clerk's keys; nobody is engaged under this id again."""


class ConfirmErasure(
    Interaction,
    type="clerk.confirm_erasure.v1",
    allowed_in=("erasing",),
    clerks=False,
    systems=("reactor",),
):
    """The vault has deleted every key of the clerk; `proof_digest` is of what it says so by."""

    keys_destroyed: Annotated[int, Meta(ge=0, le=1_000_000)]
    destroyed_at: Moment
    proof_digest: Digest


class CorrectEntry(
    Interaction,
    Correction,
    type="clerk.correct_entry.v1",
    allowed_in=("engaged", "suspended", "left"),
    roles=("hr_officer",),
):
    pass


CORRECTABLE: Final = frozenset(
    {"full_name", "employee_no", "course", "content_version", "paper_version", "ref_id"}
)
AnyInteraction = (
    Engage
    | AssignRole
    | AssignHall
    | AssignTraining
    | AttendTraining
    | CompleteTraining
    | MarkTrainingMissed
    | RecordAssessment
    | GrantCertification
    | WithdrawCertification
    | ExpireCertification
    | Suspend
    | Reinstate
    | Leave
    | RequestErasure
    | ConfirmErasure
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
