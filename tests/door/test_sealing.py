"""Sealed fields: bound to their place, opened for display, and gone when the key is."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
import pytest

from ledger import wire
from ledger.aggregates.model import Fields, Interaction
from ledger.door.admit import Admitted, Door
from ledger.door.sealing import ERASED, SHAPES, key_owner, lacks_visit, open_fields, seal
from ledger.door.shape import shape_of
from ledger.entry import Envelope, Said
from ledger.values import Clear, Id, Sealed, SealedDay, SealedText, Str64
from ledger.vault import Vault, VaultError
from tests.door.messages import REGISTRATION, admitted, registration

ERASED_AT = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
HALLS_OWN = {
    *("drawer.correct_entry.v1", "drawer.explain_discrepancy.v1"),
    *("hall_day.prepare.v1", "hall_day.withdraw.v1"),
    *("shift.correct_entry.v1", "shift.hand_over.v1"),
}
"""What a hall notes of its own books, which no visitor says: it stays under the hall's key."""


def said(got: Admitted, **changes: Any) -> Said:
    """The interaction as it stands in an entry."""
    members = {**msgspec.structs.asdict(got.envelope), "data": msgspec.Raw(got.data), **changes}
    return Said(**members)


@pytest.fixture
def got(door: Door) -> Admitted:
    return admitted(door.admit(registration()))


def test_a_recorded_interaction_opens_as_it_was_sent(got: Admitted, vault: Vault) -> None:
    assert open_fields(said(got), vault) == REGISTRATION


def test_after_erasure_a_personal_field_says_so_and_the_rest_stays(
    got: Admitted, vault: Vault
) -> None:
    vault.erase("customer/d12", ERASED_AT)
    opened = open_fields(said(got), vault)
    assert opened["full_name"] is ERASED
    assert opened["birth_on"] is ERASED
    assert opened["identity_digest"] == "ab" * 32
    assert "email" not in opened
    assert msgspec.json.encode(opened["full_name"]) == b'{"is_erased":true}'


def test_a_key_that_was_never_there_is_an_error_and_not_erasure(
    got: Admitted, vault: Vault
) -> None:
    unknown = got.data.replace(b"customer/d12#1.", b"customer/d99#1.")
    with pytest.raises(VaultError, match="knows no key"):
        open_fields(said(got, data=msgspec.Raw(unknown)), vault)


@pytest.mark.parametrize(
    "moved", [{"subject": "customer/d13"}, {"id": "m2"}, {"source": "billing"}]
)
def test_sealed_fields_do_not_open_in_another_message(
    got: Admitted, vault: Vault, moved: dict[str, Any]
) -> None:
    with pytest.raises(VaultError, match="moved"):
        open_fields(said(got, **moved), vault)


def test_sealed_fields_do_not_open_in_another_field(got: Admitted, vault: Vault) -> None:
    data = msgspec.json.decode(got.data)
    data["full_name"], data["contact_phone"] = data["contact_phone"], data["full_name"]
    with pytest.raises(VaultError, match="moved"):
        open_fields(said(got, data=msgspec.Raw(msgspec.json.encode(data))), vault)


def test_sealed_fields_do_not_open_for_another_owner(
    door: Door, got: Admitted, vault: Vault
) -> None:
    other = admitted(door.admit(registration("customer/d13")))
    data = msgspec.json.decode(got.data)
    data["full_name"] = msgspec.json.decode(other.data)["full_name"]
    with pytest.raises(VaultError, match="moved"):
        open_fields(said(got, data=msgspec.Raw(msgspec.json.encode(data))), vault)


# Shapes


class Profile(Fields):
    budget_fen: int


class Contact(Fields):
    contact_id: Id
    note: SealedText | None = None


class Visitors(Interaction, type="test.visitors.v1"):
    main: Contact
    others: tuple[Contact, ...] = ()
    born_on: SealedDay | None = None
    profile: Annotated[Sealed, Clear(Profile)]
    tags: Annotated[Sealed, Clear(tuple[Str64, ...])] | None = None


VISITORS = {
    "main": {"contact_id": "a", "note": "一"},
    "others": [{"contact_id": "b"}, {"contact_id": "c", "note": "三"}],
    "born_on": "1990-03-07",
    "profile": {"budget_fen": 5},
    "tags": ["x"],
}


def test_fields_within_structs_and_lists_are_sealed_at_their_place() -> None:
    shape = shape_of(Visitors)
    clear = msgspec.convert(VISITORS, shape.clear)
    sealed = seal(shape, clear, lambda value, pointer: f"{pointer}={value.decode()}")
    assert isinstance(sealed, Visitors)
    assert msgspec.json.decode(msgspec.json.encode(sealed)) == {
        "main": {"contact_id": "a", "note": '/main/note="一"'},
        "others": [{"contact_id": "b"}, {"contact_id": "c", "note": '/others/1/note="三"'}],
        "born_on": '/born_on="1990-03-07"',
        "profile": '/profile={"budget_fen":5}',
        "tags": '/tags=["x"]',
    }


def test_fields_within_structs_and_lists_open_again(
    got: Admitted, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = shape_of(Visitors)
    monkeypatch.setitem(SHAPES, "test.visitors.v1", shape)
    key, context = vault.key(got.key_id), "customer/d12\ncounter-app\nm1\n"
    sealed = seal(
        shape,
        msgspec.convert(VISITORS, shape.clear),
        lambda value, pointer: key.seal(value, context + pointer),
    )
    data = msgspec.Raw(msgspec.json.encode(sealed))
    assert open_fields(said(got, type="test.visitors.v1", data=data), vault) == VISITORS


def test_the_clear_struct_is_as_strict_as_the_sealed_one() -> None:
    clear = shape_of(Visitors).clear
    for wrong in (
        {**VISITORS, "colour": "red"},
        {**VISITORS, "profile": {"budget_fen": 5, "x": 1}},
        {**VISITORS, "main": {"note": "一"}},
        {**VISITORS, "born_on": "7 March 1990"},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, clear)


def test_days_further_in_are_known_to_the_shape() -> None:
    class Period(Fields):
        from_on: date
        until_on: date | None = None

    class Plan(Interaction, type="test.plan.v1"):
        periods: tuple[Period, ...]

    ((name, inner),) = shape_of(Plan).inner
    assert (name, inner.dated_fields) == ("periods", ("from_on", "until_on"))
    assert not shape_of(Plan).personal


@pytest.mark.parametrize(
    "declared",
    [
        Sealed,
        tuple[SealedText, ...],
        list[SealedText],
        dict[str, SealedText],
        SealedText | int,
        list[Contact],
        Annotated[Sealed, "no Clear"],
    ],
)
def test_a_personal_field_that_cannot_be_sealed_is_an_error_at_start(declared: Any) -> None:
    odd: Any = type("Odd", (Fields,), {"__annotations__": {"field": declared}})
    with pytest.raises(TypeError, match=r"Odd\.field"):
        shape_of(odd)


def test_every_personal_field_of_the_catalogue_is_known_to_its_shape() -> None:
    """A type that names `Sealed` anywhere has a shape that seals."""
    for type_, kind in wire.INTERACTIONS.items():
        declared = str([field.type for field in msgspec.structs.fields(kind.data)])
        assert SHAPES[type_].personal == ("Sealed" in declared), type_
    assert SHAPES["customer.register.v1"].personal


# Whose key


@pytest.mark.parametrize("visit", ["v1", None])
@pytest.mark.parametrize("type_", sorted(each for each in SHAPES if SHAPES[each].personal))
def test_every_personal_field_lies_under_a_key_that_an_erasure_reaches(
    type_: str, visit: str | None
) -> None:
    kind = wire.INTERACTIONS[type_].owner
    said = Envelope(
        id="m1",
        source="counter-app",
        type=type_,
        subject=f"{kind}/x1",
        time=ERASED_AT,
        actor="c-li",
        visit=visit,
    )
    whose = key_owner(SHAPES[type_], said).partition("/")[0]
    if kind != "hall":
        assert whose in ("customer", "clerk")
    elif visit is not None:
        assert whose == "visit"
    else:
        assert lacks_visit(SHAPES[type_], said) == (type_ not in HALLS_OWN)
