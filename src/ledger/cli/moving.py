"""`ledger move`."""

from typing import Annotated

import typer

from ledger.cli.common import DEFAULT, HomeOption, JsonOption, console, print_json, progress, shown
from ledger.cli.common import founded as founded_at
from ledger.cli.founding import choose_replication


def move(
    to: Annotated[str, typer.Option("--to", help="Where to, e.g. kafka://host:9092/counter.")],
    *,
    replication: Annotated[
        int | None, typer.Option(min=1, max=9, help="How many brokers keep each record.")
    ] = None,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Carry an embedded ledger over to Kafka: every record as it is, and the keys.

    No server may run meanwhile. Cut off and run again, it goes on where it was. The home stays as
    a backup that nothing is added to.

    Example: ledger move --to kafka://localhost:9092
    """
    # Imported late: other commands do not wait for Kafka's client.
    from consumers.kafka.moving import move as move_to
    from ledger.logs.cluster import Cluster

    place = founded_at(home)
    cluster = Cluster.at(to)
    copies = choose_replication(cluster, replication)
    with progress() as bar:
        task = bar.add_task("moving", total=None)
        moved = move_to(
            place, cluster, copies, lambda done, all_: bar.update(task, completed=done, total=all_)
        )
    if as_json:
        print_json(moved)
        return
    console.print(
        f"[green]Moved[/] {moved.entries:,} entries to {shown(moved.where)}; all"
        f" {len(moved.heads)} heads are the same on both sides.",
        soft_wrap=True,
    )
    console.print(
        f"Set LEDGER_LOG={shown(moved.where)} and give each process the key in"
        f" {shown(str(place.vault_key))}; keep {shown(str(home))} as a backup: it takes nothing"
        " more.",
        soft_wrap=True,
    )
