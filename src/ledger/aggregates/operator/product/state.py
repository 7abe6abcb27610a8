"""What decide reads of a product, and how events change it."""

from datetime import datetime
from typing import assert_never

import msgspec
from msgspec.structs import asdict, replace

from ledger.aggregates import model
from ledger.aggregates.operator.product.events import (
    AnyEvent,
    Disclosed,
    DisclosureEnded,
    Published,
    Withdrawn,
)
from ledger.aggregates.operator.product.interactions import AnyInteraction, Publish
from ledger.entry import Envelope
from ledger.facts import Product
from ledger.reference import Reference


class State(model.State, frozen=True, kw_only=True):
    """`tariffs` are those that have not ended; `taken` the names of all there ever were."""

    tariffs: dict[str, Product] = msgspec.field(default_factory=dict[str, Product])
    taken: frozenset[str] = frozenset()
    fact_version: int = 0

    def component_ids(self) -> frozenset[str]:
        """What bundles of this name are made of."""
        return frozenset(each for tariff in self.tariffs.values() for each in tariff.component_ids)

    def sold_at(self, moment: datetime) -> bool:
        """Whether a tariff version is disclosed and on sale then."""
        return any(each.is_disclosed and each.is_on_sale(moment) for each in self.tariffs.values())


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"product/{interaction.product_id}"


def founded(stream: str, facts: Reference) -> State:
    """The products that the founding names."""
    known = facts.products.get(stream.removeprefix("product/"), {})
    tariffs = {name: versions[-1].fact for name, versions in known.items()}
    if not tariffs:
        return State()
    return State(status=_status(tariffs), tariffs=tariffs, taken=frozenset(tariffs))


def product_of(wish: Publish) -> Product:
    """The tariff version that the interaction, or its event, describes."""
    said = asdict(wish)
    return Product(**{name: said[name] for name in Product.__struct_fields__ if name in said})


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    match event:
        case Published():
            tariffs = {**_standing(state, envelope), event.tariff_version: product_of(event)}
            taken = state.taken | {event.tariff_version}
            return _with(state, tariffs, event.fact_version, taken)
        case Disclosed() | DisclosureEnded():
            tariffs = {**state.tariffs, event.tariff_version: event.fact}
            return _with(state, tariffs, event.fact_version, state.taken)
        case Withdrawn():
            withdrawn = {each.tariff_version: each for each in event.facts}
            tariffs = {**state.tariffs, **withdrawn}
            if event.tariff_version is None:
                ended = _with(state, tariffs, event.fact_version, state.taken)
                return replace(ended, status="withdrawn")
            if not withdrawn:
                del tariffs[event.tariff_version]
            return _with(state, tariffs, event.fact_version, state.taken)
        case _:
            assert_never(event)


def _standing(state: State, envelope: Envelope) -> dict[str, Product]:
    return {
        name: each
        for name, each in state.tariffs.items()
        if each.withdrawn_from_at is None or envelope.time < each.withdrawn_from_at
    }


def _with(
    state: State, tariffs: dict[str, Product], fact_version: int, taken: frozenset[str]
) -> State:
    return State(status=_status(tariffs), tariffs=tariffs, taken=taken, fact_version=fact_version)


def _status(tariffs: dict[str, Product]) -> str:
    return "disclosed" if any(each.is_disclosed for each in tariffs.values()) else "published"
