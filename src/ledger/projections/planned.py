"""Statements that are planned once on a connection, and run many times.

Planning takes longer than running over a small batch. What a statement reads keeps its name, and
changes its rows (`arrow.Slot`): another table under the name would have it planned again.
"""

import duckdb


class Planned:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._names: set[str] = set()

    def run(self, name: str, statement: str) -> str:
        """What runs the statement, which is always the same under one name."""
        if name not in self._names:
            self._connection.execute(f"prepare {name} as {statement}")
            self._names.add(name)
        return f"execute {name}"
