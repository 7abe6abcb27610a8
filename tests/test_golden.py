"""Golden lines: what was ever written under a wire name still reads, and is written the same.

`tests/golden` holds one line for every interaction type and event tag ever released. A line stays
for ever, also when a newer version takes the name's place; `python -m tests.golden.write` adds the
lines of new names.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ledger import wire
from ledger.entry import Said, as_json
from tests.golden.write import (
    EVENTS,
    FOLDER,
    INTERACTIONS,
    EventLine,
    InteractionLine,
    add_lines,
    event_lines,
    interaction_lines,
)

INTERACTION_LINES = interaction_lines()
EVENT_LINES = event_lines()


def test_every_wire_name_has_a_line_and_no_other() -> None:
    """A name that is gone from the code still has entries: it needs an upcast, not a deletion."""
    assert INTERACTION_LINES.keys() == wire.INTERACTIONS.keys()
    assert EVENT_LINES.keys() == wire.EVENTS.keys()


def test_every_name_has_one_line() -> None:
    assert len((FOLDER / INTERACTIONS).read_bytes().splitlines()) == len(INTERACTION_LINES)
    assert len((FOLDER / EVENTS).read_bytes().splitlines()) == len(EVENT_LINES)


def test_a_new_name_gets_a_line_and_no_other_line_is_touched(tmp_path: Path) -> None:
    for name in (INTERACTIONS, EVENTS):
        *old, _ = (FOLDER / name).read_bytes().splitlines(keepends=True)
        (tmp_path / name).write_bytes(b"".join(old))
    add_lines(tmp_path)
    for name in (INTERACTIONS, EVENTS):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("line", INTERACTION_LINES.values(), ids=lambda each: each.type)
def test_an_interaction_reads_and_is_written_as_ever(line: InteractionLine) -> None:
    interaction = wire.INTERACTIONS[line.type].decoder.decode(line.data)
    assert as_json(interaction) == bytes(line.data)


@pytest.mark.parametrize("line", EVENT_LINES.values(), ids=lambda each: each.tag)
def test_an_event_reads_and_is_written_as_ever(line: EventLine) -> None:
    interaction_line = INTERACTION_LINES[line.said]
    interaction = wire.INTERACTIONS[line.said].decoder.decode(interaction_line.data)
    said = Said(
        id="m1",
        source="counter-app",
        type=line.said,
        subject="customer/d1",
        time=datetime(2026, 11, 3, tzinfo=UTC),
        actor="c-li",
        data=interaction_line.data,
    )
    event = wire.restore(line.tag, bytes(line.own), said)
    assert wire.shorten(event, interaction) == bytes(line.own)


@pytest.mark.parametrize("line", EVENT_LINES.values(), ids=lambda each: each.tag)
def test_an_events_own_fields_are_those_its_interaction_does_not_say(line: EventLine) -> None:
    _, event = wire.EVENTS[line.tag]
    own = wire.own_fields(event, wire.INTERACTIONS[line.said].data)
    assert msgspec.json.decode(line.own).keys() <= set(own)
