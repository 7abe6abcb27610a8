"""Follows counter.events into a table of one's own: each event once, in order, whatever is killed.

    python follow_events.py host:9092 counter.events mine.sqlite

What an event means to you is done in `take`, in the transaction that says how far you are.
"""

import json
import sqlite3
import sys
from contextlib import suppress

from kafka import KafkaConsumer, TopicPartition


def main(servers: str, topic: str, path: str) -> None:
    mine = sqlite3.connect(path, isolation_level=None)
    mine.execute("create table if not exists event (id text primary key, type text, subject text)")
    mine.execute(
        "create table if not exists reached"
        " (partition integer primary key, number integer, next_offset integer)"
    )
    reached = {row[0]: row[1:] for row in mine.execute("select * from reached")}
    consumer = KafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="none"
    )
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    if not partitions:
        sys.exit(f"{topic} has no partitions at {servers}: is a ledger founded there?")
    consumer.assign(partitions)
    for place in partitions:
        consumer.seek(place, reached.get(place.partition, (0, 0))[1])
    while True:
        for records in consumer.poll(timeout_ms=1000).values():
            mine.execute("begin")
            for record in records:
                number, _ = reached.get(record.partition, (0, 0))
                event = json.loads(record.value)
                # A repeat, or one that came too early and will come again in its place.
                if event["eventnumber"] == number + 1:
                    take(mine, event)
                    number += 1
                reached[record.partition] = (number, record.offset + 1)
            for partition, place in reached.items():
                mine.execute("insert or replace into reached values (?, ?, ?)", (partition, *place))
            mine.execute("commit")


def take(mine: sqlite3.Connection, event: dict) -> None:
    mine.execute(
        "insert into event values (?, ?, ?)", (event["id"], event["type"], event["subject"])
    )


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
