"""What each mark of a fold's column does when the rows of two batches become one."""

import tempfile
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.customer import payment
from ledger.projections import definitions as files
from ledger.projections import filed, live_file, merge, prepared
from ledger.projections.definitions import Definitions, read_fold
from ledger.projections.engine import Projector
from ledger.projections.staging import Reader, Staging
from tests.projections.cuts import batches, interleaved, project, some_cuts
from tests.projections.history import MORNING, History, heads_after

AMOUNTS = (700, 100, 900, 500, 300, 200, 800, 400)


def fold_of(mark: str, expression: str, extra: str = "", more: str = "") -> Definitions:
    """A fold of payments by clerk, who serves customers of several partitions."""
    text = f"""-- One row per clerk.
-- clerk: key. The clerk.
-- figure: {mark}. What is tested.
{extra}
select actor as clerk, {expression} as figure {more}
from payment_received
group by actor
"""
    return Definitions((read_fold("clerks", text),), shared=files.load().shared)


def payments(*amounts: int, partitions: int = 3) -> History:
    """Two clerks take turns; each payment is of another customer and a minute earlier at the
    counter than the one before it."""
    history = History(partitions)
    for number, amount in enumerate(amounts):
        receive = payment.Receive(
            payment_id=f"p{number}",
            method="cash",
            amount_fen=amount,
            items=(payment.PaymentItem(item_id="i", item_kind="device", amount_fen=amount),),
            correlator_id=f"c{number}",
            payer="owner",
            counterfeit_checked=True if amount == 900 else None,
        )
        history.say(
            f"customer/d{number}",
            receive,
            payment.Received,
            computed={"change_fen": 0, "receipt_due": True},
            at=MORNING - timedelta(minutes=number),
            actor=("c-li", "c-wang")[number % 2],
        )
    return history


def rows(path: Path) -> dict[str, Any]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return dict(connection.execute("select clerk, figure from clerks").fetchall())


PLACE = "place(happened_at, partition, event_number)"
MARKS = {
    "sum": (fold_of("sum", "cast(sum(amount_fen) as bigint)"), {"c-li": 2700, "c-wang": 1200}),
    "min": (fold_of("min", "min(amount_fen)"), {"c-li": 300, "c-wang": 100}),
    "max": (fold_of("max", "max(amount_fen)"), {"c-li": 900, "c-wang": 500}),
    "or": (fold_of("or", "bool_or(amount_fen = 900)"), {"c-li": True, "c-wang": False}),
    "or, where only some know": (
        fold_of("or", "bool_or(counterfeit_checked)"),
        {"c-li": True, "c-wang": None},
    ),
    "first by place": (
        fold_of(
            "first by said_at",
            f"arg_min(amount_fen, {PLACE})",
            "-- said_at: min. When.",
            f", min({PLACE}) as said_at",
        ),
        {"c-li": 800, "c-wang": 400},
    ),
    "last by place": (
        fold_of(
            "last by said_at",
            f"arg_max(amount_fen, {PLACE})",
            "-- said_at: max. When.",
            f", max({PLACE}) as said_at",
        ),
        {"c-li": 700, "c-wang": 100},
    ),
}


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_combines_whatever_the_batches(mark: str) -> None:
    definitions, expected = MARKS[mark]
    records = payments(*AMOUNTS[:6], 800, 400).records

    @settings(max_examples=8, deadline=None)
    @given(cuts=some_cuts, chance=st.randoms(use_true_random=False))
    def holds(cuts: list[int], chance: Random) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pieces = batches(interleaved(records, chance), cuts)
            assert rows(project(Path(folder), pieces, definitions)) == expected

    holds()


@pytest.mark.parametrize(
    ("mark", "choice", "expected"),
    [
        ("first", "arg_min", {"c-li": 700, "c-wang": 100}),
        ("last", "arg_max", {"c-li": 300, "c-wang": 200}),
    ],
)
def test_first_and_last_go_by_position_where_the_key_lives_in_one_partition(
    mark: str, choice: str, expected: dict[str, int], tmp_path: Path
) -> None:
    definitions = fold_of(mark, f"{choice}(amount_fen, event_number)")
    records = payments(*AMOUNTS[:6], partitions=1).records
    for cut in range(1, len(records)):
        path = project(tmp_path / str(cut), [records[:cut], records[cut:]], definitions)
        assert rows(path) == expected


@pytest.mark.parametrize("mark", ["first", "last"])
def test_first_and_last_pass_over_what_is_null(mark: str, tmp_path: Path) -> None:
    choice = {"first": "arg_min", "last": "arg_max"}[mark]
    definitions = fold_of(mark, f"{choice}(if(amount_fen = 900, 900, null), event_number)")
    records = payments(*AMOUNTS[:6], partitions=1).records
    path = project(tmp_path, [[record] for record in records], definitions)
    assert rows(path) == {"c-li": 900, "c-wang": None}


SEVERAL = {
    **MARKS,
    "first, nulls too": (
        fold_of("first", "arg_min(if(amount_fen = 900, 900, null), event_number)"),
        {"c-li": 900, "c-wang": None},
    ),
    "first": (
        fold_of("first", "arg_min(amount_fen, event_number)"),
        {"c-li": 700, "c-wang": 100},
    ),
    "last": (
        fold_of("last", "arg_max(amount_fen, event_number)"),
        {"c-li": 800, "c-wang": 400},
    ),
}


@pytest.mark.parametrize("mark", SEVERAL)
def test_rows_of_many_batches_combine_as_merged_one_by_one(mark: str, tmp_path: Path) -> None:
    definitions, expected = SEVERAL[mark]
    [fold] = definitions.folds
    records = payments(*AMOUNTS[:6], 800, 400).records
    if mark in ("first", "last", "first, nulls too"):
        records = payments(*AMOUNTS, partitions=1).records
    with duckdb.connect() as connection:
        live_file.prepare(connection, definitions)
        reader, staging = Reader(connection), Staging(connection, definitions.folds)
        staging.define(fold)
        for number, record in enumerate(records):
            staging.put(reader.read([record], heads_after([record])))
            made = connection.sql(f"select {number} as batch, * from ({merge.rows(fold)})")
            made.write_parquet(str(tmp_path / f"{number}.parquet"))
        together = f"read_parquet('{tmp_path}/*.parquet')"
        combined = merge.combined(fold, together, "batch", filed.types(connection, together))
        said = connection.sql(f"select clerk, figure from ({combined})").fetchall()
    assert dict(said) == expected


TWICE = """-- One row per clerk.
-- clerk: key. The clerk.
-- amount_fen: sum. Fen.
select actor as clerk, amount_fen from payment_received
"""


@pytest.mark.parametrize(("amounts", "kept"), [((700, 100), 1), ((700, 100, 900), 0)])
def test_rows_with_one_key_twice_are_not_kept(amounts: tuple[int, ...], kept: int) -> None:
    definitions = Definitions((read_fold("clerks", TWICE),), shared=files.load().shared)
    history = payments(*amounts)
    with duckdb.connect() as connection:
        reader, staging = Reader(connection), Staging(connection, definitions.folds)
        preparing = prepared.Preparing(connection, definitions, staging.define)
        staging.put(reader.read(history.records, history.heads))
        assert len(list(preparing.rows({"entries", "payment_received"}))) == kept


def test_a_fold_that_gives_two_rows_for_one_key_is_refused(tmp_path: Path) -> None:
    history = payments(*AMOUNTS)
    with Projector.open(tmp_path, Definitions((read_fold("clerks", TWICE),))) as projector:
        with pytest.raises(files.LedgerError, match="several rows for one key"):
            projector.apply(history.records, history.heads)
        assert projector.positions() == {}


def test_a_fold_cannot_read_a_table_that_a_fold_made(tmp_path: Path) -> None:
    text = """-- One row per clerk.
-- clerk: key. The clerk.
select clerk from clerks
"""
    with pytest.raises(files.DefinitionError, match="clerks does not exist"):
        Projector.open(tmp_path, Definitions((read_fold("clerks", text),)))


def test_a_key_that_is_null_is_refused(tmp_path: Path) -> None:
    text = """-- One row per counter.
-- counter: key. The counter.
-- amount_fen: sum. Fen.
select counter, sum(amount_fen) as amount_fen from payment_received group by counter
"""
    history = payments(*AMOUNTS)
    with Projector.open(tmp_path, Definitions((read_fold("counters", text),))) as projector:
        with pytest.raises(files.LedgerError, match="NOT NULL"):
            projector.apply(history.records, heads_after(history.records))
        assert projector.positions() == {}
