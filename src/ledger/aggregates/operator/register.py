"""The operator's register: what rules ask across policies, products and procedures."""

import msgspec

from ledger.aggregates.model import Context, Event, Interaction
from ledger.aggregates.operator.policy import register as policy
from ledger.aggregates.operator.procedure import register as procedure
from ledger.aggregates.operator.product import register as product
from ledger.entry import Envelope
from ledger.rules import Refusal


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was published since the founding; the founding's facts are in the reference.

    `policies` by version, `procedures` by id, `bundles` are ids of products.
    """

    policies: dict[str, policy.Term] = {}
    procedures: dict[str, procedure.Kinds] = {}
    bundles: frozenset[str] = frozenset()


def evolve(register: Register, event: Event, stream: str, envelope: Envelope) -> Register:
    return Register(
        policies=policy.evolve(register.policies, event, envelope),
        procedures=procedure.evolve(register.procedures, event, envelope),
        bundles=product.evolve(register.bundles, event, envelope),
    )


def owner_known(context: Context[Register], interaction: Interaction) -> bool:
    """There is one operator, and the founding names it."""
    return True


def check(context: Context[Register], interaction: Interaction) -> Refusal | None:
    """The operator has no rule for all its interactions but the common ones."""
    return None


def counter_on_shift(register: Register, actor: str) -> str | None:
    """Nothing of the operator's happens at a counter."""
    return None
