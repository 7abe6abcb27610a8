"""Personal data in clear is in no file of a ledger, whatever became of the message it came in."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from consumers.answers import reply
from consumers.decider import Answer
from consumers.embedded import Embedded, found
from consumers.projector import catch_up
from ledger import founding
from ledger.door.admit import Malformed
from ledger.door.sealing import ERASED, open_fields
from ledger.settings import Home
from tests.consumers import day
from tests.consumers.day import MORNING
from tests.consumers.reading import entries

PERSONAL = {
    "full_name": "诸葛司马欧阳",
    "document_number": "110105199001017777",
    "document_address": "北京市朝阳区无此路一百零七号",
    "contact_phone": "13912345678",
    "postal_address": "Nowhere Street 4711, 上海",
    "email": "zhuge.unlikely@nowhere.example",
}
BIRTH_ON = "1987-06-05"
HANDLER, GUARDIAN = "经办人某某甲", "监护人某某乙"
NOTE, COMMENT, REFUSED_NOTE = "冲正备注独特文字", "Kommentar von Xaver 独特", "被拒备注独特"
NEW_PHONE, MALFORMED_PHONE, OTHER_PHONE = "13887654321", "13700001234", "13611112222"
SECRETS = (
    *PERSONAL.values(), BIRTH_ON, HANDLER, GUARDIAN, NOTE, COMMENT, REFUSED_NOTE, NEW_PHONE,
    MALFORMED_PHONE, OTHER_PHONE,
)  # fmt: skip
NAME = "zhuge"


def messages() -> list[bytes]:
    """Accepted, refused, malformed, repeated, and under an id that was used for other content."""
    later = MORNING + timedelta(minutes=10)
    full = {
        **PERSONAL,
        "birth_on": BIRTH_ON,
        "handler_name": HANDLER,
        "guardian_name": GUARDIAN,
    }
    accepted = day.registration(NAME, **full)
    verification = {
        "verification_id": "ver1",
        "purpose": "change",
        "document_kind": "resident_id",
        "document_digest": day.digest(NAME),
        "document_shown": True,
        "document_read_by": "chip_reader",
        "document_result": "genuine",
        "belongs_to_bearer": True,
        "information_refused": False,
        "face_result": "match",
        "liveness_result": "passed",
        "face_consent_given": True,
        "copy_marked": False,
    }
    owner = day.customer(NAME)
    update = day.message(
        "customer.update_data.v1", owner, "update", MORNING, {"contact_phone": NEW_PHONE}
    )
    return [
        accepted,
        accepted,
        day.registration(NAME, **{**full, "contact_phone": OTHER_PHONE}),
        day.registration("refused", **{**full, "notice_given": False}),
        day.registration("malformed", **{**full, "contact_phone": MALFORMED_PHONE, "more": 1}),
        accepted[:-1],
        day.message("customer.verify_identity.v1", owner, "verify", MORNING, verification),
        update,
        day.payment(NAME),
        day.reversal(NAME, MORNING, NOTE),
        day.reversal("nobody", MORNING, REFUSED_NOTE),
        day.shift_opened(),
        *day.served("v9", "guest", MORNING)[:-1],
        day.rating("v9", later, COMMENT),
        day.rating("v9", later, COMMENT, score=4, id_="rated-again"),
    ]


@pytest.fixture(scope="module")
def answers() -> list[Answer | Malformed]:
    return []


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory, answers: list[Answer | Malformed]
) -> Iterator[Home]:
    """The ledger is open, so that write-ahead logs are there too, and its tables are made."""
    home = found(tmp_path_factory.mktemp("home"), founding.sample())
    with Embedded(home.folder) as ledger:
        answers += ledger.publish(messages())
        catch_up(home)
        yield home


def forms(secret: str) -> Iterator[bytes]:
    """The secret as it might be written down."""
    yield secret.encode()
    yield secret.encode("utf-16-le")
    yield secret.encode("utf-16-be")
    yield secret.encode().hex().encode()
    if not secret.isascii():
        escaped = json.dumps(secret)[1:-1]
        yield escaped.encode()
        yield "".join(rf"\u{ord(c):04X}" if ord(c) > 127 else c for c in secret).encode()
    for shift in range(3):
        # Whole groups of four characters that depend on the secret alone.
        encoded = base64.b64encode(bytes(shift) + secret.encode())
        yield encoded[4 : len(encoded) // 4 * 4 - 4]


def test_the_messages_met_every_fate(home: Home, answers: list[Answer | Malformed]) -> None:
    assert [reply(each).outcome for each in answers[:11]] == [
        "recorded", "repeated", "refused", "refused", "malformed", "malformed", "recorded",
        "recorded", "recorded", "recorded", "refused",
    ]  # fmt: skip
    assert [reply(each).outcome for each in answers[-2:]] == ["recorded", "refused"]


def test_no_file_of_the_ledger_holds_personal_data_in_clear(home: Home) -> None:
    files = [file for file in home.folder.rglob("*") if file.is_file()]
    names = {file.name for file in files}
    assert {"log.sqlite", "log.sqlite-wal", "index.sqlite-wal", "vault.sqlite-wal"} <= names
    assert any(file.is_relative_to(home.projections) for file in files)
    contents = {file.name: file.read_bytes() for file in files}
    leaks = [
        (secret, name)
        for secret in SECRETS
        for form in forms(secret)
        for name, content in contents.items()
        if form in content
    ]
    assert leaks == []


def test_the_search_would_find_it(home: Home) -> None:
    """The customer's id is no secret, and stands in all of these files in clear."""
    public = day.customer(NAME)
    for file in (home.log, home.index):
        content = file.read_bytes() + Path(f"{file}-wal").read_bytes()
        assert any(form in content for form in forms(public))


def test_no_table_holds_personal_data_in_clear(home: Home) -> None:
    """DuckDB packs texts, so their bytes alone prove little."""
    texts = 0
    for file in home.projections.rglob("*.duckdb"):
        with duckdb.connect(str(file), read_only=True) as connection:
            for schema, table in connection.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall():
                rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
                for cell in (str(cell) for row in rows for cell in row):
                    texts += 1
                    assert not any(secret in cell for secret in SECRETS), f"{table}: {cell}"
    assert texts > 100


def test_no_answer_quotes_personal_data(answers: list[Answer | Malformed], home: Home) -> None:
    said = "".join(str(reply(each, language)) for each in answers for language in ("en", "zh"))
    assert not any(secret in said for secret in SECRETS)


def test_the_vault_gives_the_clear_text_back(tmp_path: Path) -> None:
    found(tmp_path, founding.sample())
    with Embedded(tmp_path) as ledger:
        ledger.publish(messages())
        opened = [
            open_fields(each.interaction, ledger.vault)
            for each in entries(ledger)
            if each.interaction
        ]
        registered, _ = [each for each in opened if each.get("email") == PERSONAL["email"]][:2]
        assert {name: registered[name] for name in PERSONAL} == PERSONAL
        assert (registered["birth_on"], registered["handler_name"]) == (BIRTH_ON, HANDLER)
        assert registered["guardian_name"] == GUARDIAN
        phones = {each["contact_phone"] for each in opened if "contact_phone" in each}
        assert phones >= {PERSONAL["contact_phone"], NEW_PHONE, OTHER_PHONE}
        assert {each.get("note") for each in opened} >= {NOTE, REFUSED_NOTE}
        assert {each.get("comment") for each in opened} >= {COMMENT}


def test_after_erasure_nothing_of_a_customer_opens(tmp_path: Path) -> None:
    found(tmp_path, founding.sample())
    with Embedded(tmp_path) as ledger:
        ledger.publish(messages())
        ledger.vault.erase(day.customer(NAME), MORNING)
        (said,) = [
            each.interaction
            for each in entries(ledger, "payment.reverse.v1")
            if each.interaction and each.interaction.subject == day.customer(NAME)
        ]
        assert open_fields(said, ledger.vault)["note"] == ERASED
