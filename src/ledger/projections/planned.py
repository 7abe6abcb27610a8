"""Statements that are planned, or at least read, once on a connection, and run many times.

Planning takes longer than running over a small batch. What a statement reads keeps its name, and
changes its rows (`arrow.Slot`): another table under the name would have it planned again. DuckDB
plans a statement that reads a stored table at each run, prepared or not.
"""

import duckdb


class Planned:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._statements: dict[str, duckdb.Statement] = {}

    def run(self, name: str, statement: str) -> duckdb.Statement:
        """What runs the statement, which is always the same under one name."""
        if name not in self._statements:
            self._connection.execute(f"prepare {name} as {statement}")
            self._statements[name] = self._parsed(f"execute {name}")
        return self._statements[name]

    def read(self, name: str, statement: str) -> duckdb.Statement:
        """The statement, always the same under one name, that reads a stored table."""
        if name not in self._statements:
            self._statements[name] = self._parsed(statement)
        return self._statements[name]

    def _parsed(self, statement: str) -> duckdb.Statement:
        [parsed] = self._connection.extract_statements(statement)
        return parsed
