"""What every aggregate is made of: interactions, events, states, decisions and follow-ons.

An interaction declares in its class header who may send it and in which states:

    class Reverse(Interaction, type="payment.reverse.v1", allowed_in=("captured", "done"),
                  certificate="refunds", approver=True):

and an event that repeats an interaction's data inherits it and adds what the ledger computed:

    class Received(Event, Receive, tag="payment.received.v1"):
        change_fen: Fen

Event tags and field names are stored for ever.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Protocol, Self, TypeVar, dataclass_transform

import msgspec

from ledger.entry import Envelope
from ledger.facts import Certification, Clerk, Hall, Role
from ledger.policy import Policy
from ledger.reference import Reference
from ledger.rules import Refusal, Rule

NEW: Final = "-"
"""The status of a stream that does not exist yet."""

ANY_STATE: Final[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Marks:
    """Who may send an interaction, and when; checked by `ledger.aggregates.common`.

    `allowed_in` lists statuses (`-`: the stream is new; empty: any but new). `systems` may send it
    beside clerks, or instead of them where `clerks` is false. `approver` asks for a second person,
    of the roles named or else of those that may approve by policy. `at_counter` asks for hall,
    counter and visit in the envelope, `on_shift` for the actor's open shift in the hall.
    """

    type: str
    allowed_in: tuple[str, ...]
    clerks: bool
    systems: tuple[str, ...]
    roles: tuple[Role, ...]
    certificate: Certification | None
    approver: bool | tuple[Role, ...]
    at_counter: bool
    on_shift: bool


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _InteractionMeta(msgspec.StructMeta):
    """Takes the marks of an interaction out of the class header."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        type: str | None = None,
        allowed_in: tuple[str, ...] = ANY_STATE,
        clerks: bool = True,
        systems: tuple[str, ...] = (),
        roles: tuple[Role, ...] = (),
        certificate: Certification | None = None,
        approver: bool | tuple[Role, ...] = False,
        at_counter: bool = False,
        on_shift: bool = False,
        tag: str | None = None,
        **config: Any,
    ) -> Any:
        if type is not None:
            namespace["marks"] = Marks(
                type,
                allowed_in,
                clerks,
                systems,
                roles,
                certificate,
                approver,
                at_counter,
                on_shift,
            )
        if tag is not None:
            config["tag"] = tag
            namespace["tag"] = tag
        return super().__new__(
            mcls, name, bases, namespace, kw_only=True, frozen=True, omit_defaults=True, **config
        )

    def __init__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        **_marks: Any,
    ) -> None:
        super().__init__(name, bases, namespace)


class Fields(msgspec.Struct, metaclass=_InteractionMeta, forbid_unknown_fields=True):
    """A struct inside an interaction or event, or fields that two of them share."""


class Interaction(Fields):
    """The data of one message. Optional fields are absent, never null."""

    marks: ClassVar[Marks]


class Event(msgspec.Struct, metaclass=_InteractionMeta, tag_field="tag"):
    """A domain fact. Stored for ever: the tag is the wire name."""

    tag: ClassVar[str]

    @classmethod
    def of(cls, interaction: Interaction, **computed: Any) -> Self:
        """The event that repeats the interaction's data and adds what was computed."""
        return cls(**msgspec.structs.asdict(interaction), **computed)


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What decide reads of one stream; `status` is in the words of the catalogue."""

    status: str = NEW


R = TypeVar("R", covariant=True)
S = TypeVar("S", bound=State)


class Recorded(msgspec.Struct, frozen=True):
    """What history says of one recorded event: who said it, and on which stream it stands."""

    envelope: Envelope
    stream: str


class History(Protocol):
    """The recorded past of one owner, as far as a rule may look at it."""

    def state(self, kind: type[S], stream: str) -> S:
        """The state of another stream of the same owner; of one that never began, the first."""
        ...

    def event(self, event_id: str) -> Recorded | None:
        """A recorded event of the same owner by its id."""
        ...


class Context(msgspec.Struct, Generic[R], frozen=True):
    """All that a decision may depend on, beside the interaction and the stream's own state."""

    envelope: Envelope
    register: R
    reference: Reference
    policy: Policy
    derived: Mapping[str, str]
    recorded_at: datetime
    history: History

    @property
    def actor_is_system(self) -> bool:
        return self.envelope.actor.startswith("system:")

    @property
    def clerk(self) -> Clerk:
        """The clerk who acts, where ENV-03 has let one through."""
        clerk = self.reference.clerk(self.envelope.actor, self.envelope.time)
        assert clerk is not None, f"{self.envelope.actor} is no clerk (ENV-03)"
        return clerk

    @property
    def hall(self) -> Hall:
        """The hall that owns this interaction."""
        hall = self.reference.hall(self.envelope.subject.removeprefix("hall/"), self.envelope.time)
        assert hall is not None, f"{self.envelope.subject} is no hall (ENV-02)"
        return hall


Decision = Sequence[Event] | Refusal


class Cause(msgspec.Struct, frozen=True):
    """What `react` may know beside the event: who said it, on which stream, under which rules."""

    envelope: Envelope
    stream: str
    reference: Reference
    policy: Policy


BROADCAST: Final = "reference/*"
"""The subject of a follow-on that goes to every partition, as `reference/<number>`."""


class FollowOn(msgspec.Struct, frozen=True):
    """An interaction that an event or the passing of time leads to.

    Its id is the cause's event id and `name`. With `due_at` it is a timer: it is sent at that
    moment unless the stream settles it first, and a later timer of the same stream and name takes
    its place.
    """

    name: str
    subject: str
    data: Interaction
    due_at: datetime | None = None


class Settled(msgspec.Struct, frozen=True):
    """The condition of the stream's timer `name` has passed; it need not be sent any more."""

    name: str


Reaction = FollowOn | Settled


class Aggregate(Protocol):
    """What an aggregate's module offers; modules themselves are the aggregates."""

    NAME: str
    INTERACTIONS: tuple[type[Interaction], ...]
    EVENTS: tuple[type[Event], ...]
    RULES: tuple[Rule, ...]
    State: type[Any]
    stream: Callable[[Envelope, Any], str]
    evolve: Callable[[Any, Any, Envelope], Any]
    decide: Callable[[Any, Any, Any], Decision]
    react: Callable[[Any, Cause], Sequence[Reaction]]
