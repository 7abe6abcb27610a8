"""The report of a what-if: totals by rule, every finding, and a file that opens in DuckDB."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

import duckdb
import msgspec

from consumers.embedded import facts_of
from ledger import policy
from ledger.archive.history import open_history
from ledger.entry import LedgerError
from ledger.parameter import Value
from ledger.settings import Home
from replay.scratch import scratch_folder
from replay.what_if.change import Change
from replay.what_if.findings import Difference, Finding, Made, NotHappened
from replay.what_if.walk import Walk

_PEOPLE: Final = (
    "What people and other systems did is taken as recorded: nobody is thought to have asked again,"
    " or gone away, because the answer was another."
)
_VERSIONS: Final = (
    "The changed parameters take the place of the same ones in every version of the policy that is"
    " in force in that time."
)
_DERIVED: Final = (
    "privacy.guardian_age works where a birthday is read, before it is encrypted. No birthday is"
    " read again: who was found to be a minor stays so."
)


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Findings of one sort: a decision that became another, or a type of follow-on.

    `what` says what would be; `direct` is how many the policy itself brings about, and `led_to`
    how many other findings are consequences of these.
    """

    what: str
    recorded: str
    decided: str
    findings: int
    direct: int
    led_to: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A finished what-if over the `entries` of a ledger, of which `judged` were decided again.

    `waiting` are timers that would have been set and are not due at the end of the log.
    """

    ledger: str
    clock: str
    parameters: dict[str, Value]
    from_at: datetime | None
    to_at: datetime | None
    entries: int
    judged: int
    notes: list[str]
    summary: list[Group]
    differences: list[Difference]
    not_happened: list[NotHappened]
    made: list[Made]
    waiting: int


def what_if(
    home: Home,
    change: Change,
    output: Path | None = None,
    tick: Callable[[int], None] | None = None,
) -> Report:
    """Decides the ledger's history again; with `output`, writes what is found to a new DuckDB file.

    `tick` is told how many entries were read since the last call; all are read twice. Raises
    LedgerError where the file exists.
    """
    if output is not None and output.exists():
        raise LedgerError(f"{output} exists; name a new file")
    with closing(open_history(home)) as log:
        walk = Walk(log, change)
        found = list(walk.findings(tick))
        report = Report(
            ledger=log.ledger,
            clock=facts_of(log).clock,
            parameters=change.parameters,
            from_at=change.from_at,
            to_at=change.to_at,
            entries=walk.entries,
            judged=walk.judged,
            notes=_notes(change),
            summary=summarize(found),
            differences=[each for each in found if isinstance(each, Difference)],
            not_happened=[each for each in found if isinstance(each, NotHappened)],
            made=[each for each in found if isinstance(each, Made)],
            waiting=walk.waiting,
        )
    if output is not None:
        write(report, output)
    return report


def _notes(change: Change) -> list[str]:
    derived = [_DERIVED] if policy.GUARDIAN_AGE.name in change.parameters else []
    return [_PEOPLE, _VERSIONS, *derived]


def summarize(found: Sequence[Finding]) -> list[Group]:
    """Groups, those first that the policy itself brings about; the largest first."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for each in found:
        groups.setdefault(group_of(each), []).append(each)
    led_to = Counter(each.root for each in found if each.because is not None)
    summary = [
        Group(
            what=what,
            recorded=recorded,
            decided=decided,
            findings=len(members),
            direct=sum(each.because is None for each in members),
            led_to=sum(led_to[each.finding] for each in members),
        )
        for (what, recorded, decided), members in groups.items()
    ]
    return sorted(summary, key=lambda each: (-each.direct, -each.findings))


def group_of(found: Finding) -> tuple[str, str, str]:
    """What would be, what was recorded, and how it would be decided."""
    match found:
        case Difference():
            return found.sentence, found.recorded, found.decided
        case NotHappened():
            return found.sentence, f"{found.type}: {found.recorded}", ""
        case Made():
            return _MADE, "", f"{found.type}: {found.decided}"


_MADE: Final = "it would have happened"


def write(report: Report, output: Path) -> None:
    """Writes the tables `differences`, `not_happened`, `made` and `summary` to a new file."""
    tables: dict[str, tuple[type[msgspec.Struct], Sequence[msgspec.Struct], str]] = {
        "differences": (Difference, report.differences, "One row per entry decided otherwise."),
        "not_happened": (NotHappened, report.not_happened, "One row per follow-on dropped."),
        "made": (Made, report.made, "One row per follow-on that was never recorded so."),
        "summary": (Group, report.summary, "One row per sort of finding."),
    }
    with scratch_folder(output.absolute().parent) as scratch:
        file, rows = scratch / "what_if.duckdb", scratch / "rows.ndjson"
        # Today's BI drivers open this version.
        with closing(
            duckdb.connect(str(file), config={"storage_compatibility_version": "v1.5.0"})
        ) as connection:
            # By it a moment with an offset becomes a timestamp in UTC.
            connection.execute("set timezone = 'UTC'")
            for name, (kind, found, said) in tables.items():
                columns = _columns(kind)
                rows.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in found))
                definition = ", ".join(f'"{each}" {type_}' for each, type_ in columns.items())
                definition = definition.replace("timestamptz", "timestamp")
                connection.execute(f"create table {name} ({definition})")
                connection.execute(f"comment on table {name} is '{said}'")
                if found:
                    connection.execute(
                        f"insert into {name} from read_json(?, format = 'newline_delimited',"
                        f" columns = {columns!r})",
                        [str(rows)],
                    )
        file.replace(output)


def _columns(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Of rows of the struct as they are written for DuckDB: texts, but for numbers and moments."""
    return {each.name: _column(each.type) for each in msgspec.structs.fields(kind)}


def _column(type_: Any) -> str:
    options = {type_, *get_args(type_)}
    if datetime in options:
        return "timestamptz"
    return "bigint" if int in options else "varchar"
