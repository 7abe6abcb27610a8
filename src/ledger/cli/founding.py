"""`ledger init`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.embedded import found
from ledger import founding
from ledger.cli.common import DEFAULT, HomeOption, JsonOption, console, errors, print_json, shown
from ledger.entry import LedgerError
from ledger.facts import Founding
from ledger.logs.opening import on_kafka
from ledger.settings import Home

if TYPE_CHECKING:
    from ledger.logs.cluster import Cluster


def init(
    file: Annotated[Path | None, typer.Argument(help="A founding in TOML.")] = None,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="Found the sample ledger.")] = False,
    replication: Annotated[
        int | None,
        typer.Option(min=1, max=9, help="On Kafka: how many brokers keep each record."),
    ] = None,
    acls: Annotated[
        bool, typer.Option("--acls", help="On Kafka with SASL: grant each process its rights.")
    ] = False,
    if_none: Annotated[
        bool, typer.Option("--if-none", help="Leave a ledger that stands already as it is.")
    ] = False,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Found a ledger: operator, halls, clerks, sources and the first policy.

    Where LEDGER_LOG names a Kafka it makes the topics there, and the vault's key file in the home.
    Run again after a crash, it finishes.

    Example: ledger init --sample
    """
    if (file is None) == (not sample):
        raise typer.BadParameter("name a founding file, or say --sample")
    facts = founding.sample() if file is None else founding.load(file)
    # Imported late: commands over an embedded ledger do not wait for Kafka's client.
    from ledger.logs import opening

    cluster = opening.cluster()
    completed: list[str] | None = None
    if if_none and _stands(cluster, home):
        console.print("A ledger stands there already.")
        return
    if cluster is None:
        if acls or replication is not None:
            raise typer.BadParameter("--acls and --replication need LEDGER_LOG=kafka://…")
        found(home, facts)
        where = str(home)
    else:
        facts, completed = _found_on(cluster, home, facts, replication, with_acls=acls)
        where = cluster.log
    if as_json:
        print_json({"home": str(home), "origin": facts.origin, "partitions": facts.partitions})
        return
    if completed is not None:
        made = f"created {', '.join(completed)}" if completed else "no topic was missing"
        granted = "; granted each process its rights" if acls else ""
        console.print(
            f"{shown(facts.origin)} in {shown(where)} stands already: {shown(made)}{granted}.",
            soft_wrap=True,
        )
        return
    console.print(
        f"Founded [bold]{shown(facts.origin)}[/] in {shown(where)}: {len(facts.halls)} halls,"
        f" {len(facts.clerks)} clerks, {len(facts.sources)} sources, {facts.clock} clock.",
        soft_wrap=True,
    )


def _stands(cluster: "Cluster | None", home: Path) -> bool:
    if cluster is None:
        return Home(home).founded
    from consumers.kafka import founding as kafka_founding

    return kafka_founding.standing_facts(cluster) is not None


def _found_on(
    cluster: "Cluster", home: Path, facts: Founding, replication: int | None, *, with_acls: bool
) -> tuple[Founding, list[str] | None]:
    """The facts of the ledger there, and of one that stood already the topics that it lacked."""
    from consumers.kafka import founding as kafka_founding

    copies = choose_replication(cluster, replication)
    standing: list[list[str]] = []
    told = kafka_founding.init(
        Home(home), cluster, facts, copies, with_acls=with_acls, completed=standing.append
    )
    if standing:
        return told, standing[0]
    if told != facts:
        errors.print(
            "[bold yellow]Warning:[/] another founding had begun there, and was finished: this"
            " ledger has its facts, not those that were asked for now.",
            soft_wrap=True,
        )
    key = Home(home).vault_key
    errors.print(
        f"The key of the vault is {shown(str(key))}: give it to every decider and to readers with"
        " the right, by a way outside Kafka, and keep a copy where no broker is.",
        soft_wrap=True,
    )
    return told, None


def choose_replication(cluster: "Cluster", asked: int | None) -> int:
    """As asked, else three, or as many as there are brokers; too few are a loud warning."""
    from ledger.logs import topics

    possible = topics.replication_at(cluster)
    copies = possible if asked is None else asked
    if copies < topics.REPLICATION:
        lost = (
            "what was acknowledged can be lost with that broker's disk, and even by a power cut,"
            " for Kafka does not fsync each message"
            if copies == 1
            else "nothing can be recorded while one of them is down"
        )
        kept = "one broker keeps" if copies == 1 else f"{copies} brokers keep"
        errors.print(
            f"[bold red]WARNING:[/] {kept} each record: {lost}. For a ledger that counts use"
            " three brokers.",
            soft_wrap=True,
        )
    if asked is not None and asked > possible and possible < topics.REPLICATION:
        raise LedgerError(f"there are {possible} brokers, too few for a replication of {asked}")
    return copies


def found_if_fresh(home: Home) -> None:
    """A home without a ledger gets the sample, and the user is told; on Kafka nothing is done."""
    if on_kafka() or home.founded:
        return
    found(home.folder, founding.sample())
    folder = shown(str(home.folder))
    errors.print(f"No ledger at {folder} yet: founded the sample ledger there.", soft_wrap=True)
