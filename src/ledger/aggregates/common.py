"""The rules that every interaction meets first, in this order, whoever its owner is."""

from typing import Final

from ledger import policy
from ledger.aggregates.model import NEW, Context, Marks, State
from ledger.entry import Envelope
from ledger.facts import Clerk, Hall, Role, holds
from ledger.rules import Refusal, Rule

_DAY_SECONDS: Final = 86_400

ENV_01: Final = Rule(
    "ENV-01",
    "A source and id name one content for ever.",
    "同一来源和编号只对应一份内容。",
)
ENV_02: Final = Rule(
    "ENV-02",
    "The owner is known: a hall that is not closed down, a registered customer, an engaged clerk.",
    "所属主体已登记: 营业厅在册且未关闭, 客户已建档, 员工在册。",
)
ENV_03: Final = Rule(
    "ENV-03",
    "The actor is a clerk in service or a system that may send this interaction.",
    "操作人为在岗营业员, 或有权发送该业务的系统。",
)
ENV_04: Final = Rule(
    "ENV-04",
    "The actor has a role that this interaction allows, and belongs to the hall it names.",
    "操作人具有该业务要求的岗位, 并属于所在营业厅。",
)
ENV_05: Final = Rule(
    "ENV-05",
    "Restricted work is done by a clerk whose certification for it is valid on that day.",
    "受限业务由当日持有效认证的营业员办理。",
    (policy.CERTIFICATION_REQUIRED,),
)
ENV_06: Final = Rule(
    "ENV-06",
    "A clerk who acts has an open shift in this hall, at the counter the envelope names.",
    "办理业务的营业员在本厅已开班, 且在其台席上。",
)
ENV_07: Final = Rule(
    "ENV-07",
    "An approver is another person, in service, with a role that may approve.",
    "复核人须为另一名在岗且有复核权限的人员。",
    (policy.SECOND_PERSON_ROLES,),
)
ENV_08: Final = Rule(
    "ENV-08",
    "The time at the counter is not ahead of the ledger's clock by more than the allowed skew.",
    "业务时间不得超前于账本时钟的允许偏差。",
    (policy.CLOCK_SKEW_SECONDS, policy.CLOCK_JUMP_DAYS),
)
ENV_09: Final = Rule(
    "ENV-09",
    "The time at the counter is at most a few days before recording; follow-ons may be late.",
    "业务时间不得早于记账时间超过补录期限, 账本自身发出的业务除外。",
    (policy.BACKDATE_DAYS,),
)
ENV_10: Final = Rule(
    "ENV-10",
    "An interaction at a counter names hall, counter and visit.",
    "台席业务须注明营业厅, 台席和到访编号。",
)
ENV_11: Final = Rule(
    "ENV-11",
    "An id that starts a stream is new, and an id that continues one exists.",
    "新建编号不得重复, 续办编号必须存在。",
)
ENV_12: Final = Rule(
    "ENV-12",
    "The interaction is allowed in the state that the stream is in.",
    "当前状态允许办理该业务。",
)
ENV_16: Final = Rule(
    "ENV-16",
    "What follows from the interaction can be written: in size, and in the sums it leads to.",
    "业务结果须可入账: 条目大小和各项合计不超过上限。",
)

RULES: Final = (
    ENV_01, ENV_02, ENV_03, ENV_04, ENV_05, ENV_06, ENV_07, ENV_08, ENV_09, ENV_10, ENV_11, ENV_12,
    ENV_16,
)  # fmt: skip


def check(
    marks: Marks,
    state: State,
    context: Context[object],
    *,
    owner_known: bool,
    counter_on_shift: str | None,
) -> Refusal | None:
    """The first common rule that the interaction breaks, or None.

    `owner_known` and `counter_on_shift` (the counter of the actor's open shift in this hall) come
    from the owner's register.
    """
    envelope = context.envelope
    if not owner_known:
        return ENV_02(f"{envelope.subject} is not known, or receives nothing any more")
    refusal = _actor(marks, context, counter_on_shift)
    if refusal is not None:
        return refusal
    if marks.approver:
        refusal = approver(context, None if marks.approver is True else marks.approver)
        if refusal is not None:
            return refusal
    refusal = _time(context)
    if refusal is not None:
        return refusal
    if marks.at_counter and not context.actor_is_system:
        missing = [name for name in ("hall", "counter", "visit") if not getattr(envelope, name)]
        if missing:
            return ENV_10(f"not named: {', '.join(missing)}")
    return _state(marks, state)


def approver(context: Context[object], roles: tuple[Role, ...] | None = None) -> Refusal | None:
    """ENV-07, also for rules that ask for a second person only above some amount.

    Without `roles`, those that may approve by policy.
    """
    envelope = context.envelope
    if envelope.approver is None:
        return ENV_07("no approver is named")
    if envelope.approver == envelope.actor:
        return ENV_07("the actor cannot approve the own work")
    clerk = context.reference.clerk_in_service(envelope.approver, envelope.time)
    if clerk is None:
        return ENV_07(f"approver {envelope.approver} is not in service")
    if clerk.role not in (roles or context.policy[policy.SECOND_PERSON_ROLES]):
        return ENV_07(f"role {clerk.role} may not approve")
    return None


def _actor(marks: Marks, context: Context[object], counter_on_shift: str | None) -> Refusal | None:
    actor = context.envelope.actor
    if context.actor_is_system:
        if actor.removeprefix("system:") not in marks.systems:
            return ENV_03(f"{actor} may not send {marks.type}")
        return None
    clerk = context.reference.clerk_in_service(actor, context.envelope.time)
    if clerk is None or not marks.clerks:
        return ENV_03(
            f"{marks.type} comes from a system only" if clerk else f"{actor} is not in service"
        )
    return _clerk(marks, clerk, context, counter_on_shift)


def _clerk(
    marks: Marks, clerk: Clerk, context: Context[object], counter_on_shift: str | None
) -> Refusal | None:
    envelope = context.envelope
    if marks.roles and clerk.role not in marks.roles:
        return ENV_04(f"role {clerk.role} may not send {marks.type}")
    hall = _hall(envelope)
    if hall is not None and clerk.hall_ids and hall not in clerk.hall_ids:
        return ENV_04(f"{clerk.clerk_id} does not work in hall {hall}")
    if (
        marks.certificate is not None
        and context.policy[policy.CERTIFICATION_REQUIRED]
        and not holds(clerk, marks.certificate, envelope.time)
    ):
        return ENV_05(f"{clerk.clerk_id} holds no valid certification {marks.certificate}")
    if marks.on_shift:
        if counter_on_shift is None:
            return ENV_06(f"{clerk.clerk_id} has no open shift in {envelope.subject}")
        if envelope.counter is not None and envelope.counter != counter_on_shift:
            return ENV_06(f"{clerk.clerk_id} is on shift at counter {counter_on_shift}")
    return None


def _hall(envelope: Envelope) -> str | None:
    """The hall that the interaction concerns, or else the one it happened in."""
    kind, _, identity = envelope.subject.partition("/")
    return identity if kind == "hall" else envelope.hall


def _time(context: Context[object]) -> Refusal | None:
    time = context.envelope.time
    ahead_seconds = (time - context.recorded_at).total_seconds()
    if ahead_seconds > context.policy[policy.CLOCK_SKEW_SECONDS]:
        return ENV_08(f"the time {time.isoformat()} lies ahead of the ledger's clock")
    is_follow_on = context.envelope.cause is not None
    if not is_follow_on and -ahead_seconds > context.policy[policy.BACKDATE_DAYS] * _DAY_SECONDS:
        return ENV_09(f"the time {time.isoformat()} lies too far back")
    return None


def _state(marks: Marks, state: State) -> Refusal | None:
    starts_stream = NEW in marks.allowed_in
    if state.status == NEW:
        return None if starts_stream else ENV_11(f"{marks.type} continues something unknown")
    if starts_stream and len(marks.allowed_in) == 1:
        return ENV_11("that id is taken")
    if marks.allowed_in and state.status not in marks.allowed_in:
        return ENV_12(f"it is {state.status}")
    return None


def open_hall(hall: Hall | None) -> bool:
    return hall is not None and hall.status == "active"
