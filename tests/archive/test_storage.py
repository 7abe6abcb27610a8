"""Where an archive is: what is said of a place never holds a secret."""

from contextlib import closing

import pytest

from consumers.archiver import Archiving
from ledger.archive.storage import Storage, without_secret
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home

SECRETS = ("AKIAKEY", "wJal/rXUt", "hidden")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/var/archive", "/var/archive"),
        ("s3://bucket/ledger", "s3://bucket/ledger"),
        ("s3://AKIAKEY:wJal/rXUt@bucket/ledger", "s3://…@bucket/ledger"),
        ("s3://AKIAKEY:wJal/rXUt@hidden@bucket", "s3://…@bucket"),
        ("abfs://:hidden@account/x?client_secret=hidden", "abfs://…@account/x"),
        ("s3://bucket/x?endpoint_override=hidden", "s3://bucket/x"),
    ],
)
def test_a_place_is_shown_without_its_secret(place: str, shown: str) -> None:
    assert without_secret(place) == shown


@pytest.mark.parametrize(
    "place",
    [
        "s3://AKIAKEY:wJal/rXUt@bucket/ledger",
        "nowhere://AKIAKEY:hidden@bucket/ledger",
        "s3://AKIAKEY:hidden@bucket/x?scheme=hidden",
        "s3:/AKIAKEY:hidden@bucket/ledger",
    ],
)
def test_no_error_of_a_place_holds_a_secret(place: str) -> None:
    with pytest.raises(LedgerError) as refused:
        Storage.at(place)
    assert "is no place for an archive" in str(refused.value)
    assert not any(secret in repr(refused.value) for secret in SECRETS)
    assert refused.value.__cause__ is None


def test_a_place_without_secret_is_told_why_it_is_none() -> None:
    with pytest.raises(LedgerError, match=r"nowhere://bucket is no place for an archive: .+"):
        Storage.at("nowhere://bucket")


def test_whoever_seals_says_where_without_the_secret(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Storage.at
    monkeypatch.setattr(Storage, "at", lambda _: at(home.archive))
    place = "s3://AKIAKEY:hidden@bucket/ledger"
    with (
        closing(SqliteLog(home.log)) as log,
        closing(Archiving(home, log, place)) as archiving,
    ):
        assert archiving.place == "s3://…@bucket/ledger"
