"""What is wrong with a ledger, and what to do: `ledger doctor`. It reads, and changes nothing."""

import shutil
from collections.abc import Iterator
from typing import Final

import msgspec

from consumers.embedded import facts_of
from consumers.kafka.founding import standing_facts
from ledger.entry import LedgerError
from ledger.facts import Founding
from ledger.logs import opening
from ledger.logs.acls import GROUPS
from ledger.logs.administration import Administration
from ledger.logs.cluster import Cluster, KafkaError
from ledger.logs.kafka import kept_of
from ledger.logs.sqlite import SqliteLog
from ledger.projections.progress import troubles
from ledger.projections.snapshot import snapshot_positions
from ledger.settings import Home
from ledger.shared_vault_founding import check_key
from ledger.vault import Vault, VaultError
from replay import doctor_partitions, doctor_topics
from replay.doctor_findings import Finding, merged
from replay.doctor_partitions import IntakeState, PartitionState, VoidState

FREE_BYTES: Final = 1_000_000_000


class Diagnosis(msgspec.Struct, frozen=True):
    """`log` is where the log is. The lists are empty for what does not apply."""

    log: str
    clock: str | None
    findings: list[Finding]
    partitions: list[PartitionState] = []
    intakes: list[IntakeState] = []
    voids: list[VoidState] = []

    @property
    def good(self) -> bool:
        return all(each.severity != "problem" for each in self.findings)


def examine(home: Home) -> Diagnosis:
    """Looks at the ledger that LEDGER_LOG names, or at the home's own.

    Raises LedgerError where there is none, and where no broker answers.
    """
    cluster = opening.cluster()
    return examine_embedded(home) if cluster is None else examine_cluster(cluster, home)


def examine_cluster(cluster: Cluster, home: Home) -> Diagnosis:
    findings: list[Finding] = []
    with Administration(cluster) as asked:
        findings += doctor_topics.of_brokers(asked)
        facts = standing_facts(cluster)
        if facts is None:
            findings.append(_unfounded(cluster))
            return Diagnosis(cluster.log, None, merged(findings))
        findings += doctor_topics.of_topics(cluster, facts, asked)
        findings += doctor_topics.of_grants(cluster, facts, asked.grants())
        members = asked.members(GROUPS["decider"])
        committed = asked.committed(GROUPS["decider"])
    findings.append(_key_of(cluster, home))
    try:
        log = opening.open_copy(cluster, home)
    except LedgerError as error:
        findings.append(_unreadable(cluster, error))
        return Diagnosis(cluster.log, facts.clock, merged(findings))
    try:
        kept = kept_of(home.copy)
        projected = snapshot_positions(home.projections)
        partitions = doctor_partitions.partitions_of(cluster, log, kept, members, projected)
        intakes = doctor_partitions.intakes_of(cluster, facts, log, committed)
    finally:
        log.close()
    voids = [VoidState(*each) for each in kept.voids]
    findings += doctor_partitions.of_partitions(partitions, members, intakes)
    findings += doctor_partitions.of_intakes(intakes)
    findings += doctor_partitions.of_voids(voids)
    findings += _tables_of(home)
    return Diagnosis(cluster.log, facts.clock, merged(findings), partitions, intakes, voids)


def examine_embedded(home: Home) -> Diagnosis:
    """What can be said of a ledger without brokers. Raises LedgerError where there is none."""
    home.refuse_copy()
    log = SqliteLog(home.log)
    try:
        facts, ends = facts_of(log), log.ends()
    finally:
        log.close()
    findings = [
        _ok("log", str(home.log), f"{sum(ends.values()):,} entries", "Each is durable as written."),
        _ok(
            "topics, brokers and ACLs",
            "Kafka",
            "not used",
            "They do not apply: the ledger is embedded, and LEDGER_LOG is not set.",
        ),
        _vault_of(home),
        _room_of(home),
        *_moved(home),
        *_tables_of(home),
        *_partitions_of(facts, ends),
    ]
    return Diagnosis(str(home.log), facts.clock, merged(findings))


def _tables_of(home: Home) -> Iterator[Finding]:
    """What in the readers' tables does not go on."""
    trouble = troubles(home.projections)
    for stop in trouble.stopped:
        yield Finding(
            "problem",
            "tables",
            (f"partition {stop.partition}",),
            f"stands still before position {stop.position}: {stop.sentence}",
            "every entry taken in",
            "Install the ledger that wrote it and start the projector again, which then goes on.",
        )
    for fact, why in trouble.standing.items():
        yield Finding(
            "warning",
            "tables",
            (fact,),
            f"stands still: {why}",
            "at the position of the others",
            "Wait for the projector; after a failed check, correct the fold and rebuild.",
        )


def _unfounded(cluster: Cluster) -> Finding:
    return Finding(
        "problem",
        "ledger",
        (cluster.log,),
        "none, or one that was not finished",
        "a founding at the begin of each partition",
        "Run `ledger init`, which finishes what it began.",
    )


def _unreadable(cluster: Cluster, error: LedgerError) -> Finding:
    wanted = "every entry that was read before"
    return Finding("problem", "log", (cluster.log,), str(error), wanted, "See operating.md.")


def _key_of(cluster: Cluster, home: Home) -> Finding:
    check, path = "key of the vault", str(home.vault_key)
    bring = "Bring the key file here where this home decides, or may read personal fields."
    if not home.vault_key.exists():
        return Finding("warning", check, (path,), "none", "the ledger's key", bring)
    try:
        check_key(cluster, home.vault_key)
    except VaultError as error:
        return Finding("problem", check, (path,), str(error), "the ledger's key", bring)
    except (LedgerError, KafkaError) as error:
        again = "It could not be compared: see that this process may read the topic of the keys."
        return Finding("warning", check, (path,), str(error), "the ledger's key", again)
    return _ok(check, path, "the ledger's", "Personal fields can be read.")


def _vault_of(home: Home) -> Finding:
    try:
        Vault(home.vault, home.vault_key).close()
    except LedgerError as error:
        restore = "Restore both from a backup: without them personal fields are unreadable."
        return Finding("problem", "vault", (str(home.vault),), str(error), "it opens", restore)
    return _ok("vault", str(home.vault), "it opens", "Personal fields can be read.")


def _room_of(home: Home) -> Finding:
    free = shutil.disk_usage(home.folder).free
    found = f"{free / 1e9:,.1f} GB free"
    if free >= FREE_BYTES:
        return _ok("disk", str(home.folder), found, "There is room.")
    more = "Make room: without it nothing more is recorded."
    return Finding("warning", "disk", (str(home.folder),), found, "1 GB free", more)


def _moved(home: Home) -> list[Finding]:
    if not home.moved.exists():
        return []
    where = home.moved.read_text(encoding="utf-8").strip()
    told = f"Set LEDGER_LOG={where}: this is a backup, to which nothing is added."
    return [Finding("warning", "moved", (str(home.folder),), f"to {where}", "in use", told)]


def _partitions_of(facts: Founding, ends: dict[int, int]) -> list[Finding]:
    if len(ends) == facts.partitions:
        return [_ok("partitions", "the log", str(len(ends)), "As founded.")]
    restore = "Run `ledger verify`, and restore the log from a backup."
    wanted = str(facts.partitions)
    return [Finding("problem", "partitions", ("the log",), str(len(ends)), wanted, restore)]


def _ok(check: str, about: str, found: str, sentence: str) -> Finding:
    return Finding("ok", check, (about,), found, found, sentence)
