"""What a policy parameter is: a number that law or company set, its unit, source and bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, TypeVar, cast

Value = int | bool | str | list[str] | dict[str, int | str]
T = TypeVar("T")

Unit = Literal[
    "seconds",
    "minutes",
    "hours",
    "days",
    "working_days",
    "months",
    "years",
    "fen",
    "bp",
    "points",
    "percent",
    "count",
    "bool",
    "set",
    "map",
    "enum",
    "permille",
    "time_of_day",
]
Status = Literal["verified", "from_memory", "practice"]

TIME_OF_DAY: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
LARGEST: Final[Mapping[Unit, int]] = MappingProxyType(
    {
        "seconds": 315_360_000,
        "minutes": 5_256_000,
        "hours": 876_000,
        "days": 36_500,
        "working_days": 3_650,
        "months": 1_200,
        "years": 100,
        "fen": 10**12,
    }
)
"""The largest number that makes sense, by unit."""


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One entry of the parameter register.

    `at_least`, `at_most` and `must_be` are the loosest values that the source allows: a policy may
    be stricter, never looser.
    """

    name: str
    default: T
    unit: Unit
    source: str = "PRACTICE"
    status: Status = "practice"
    at_least: int | None = None
    at_most: int | None = None
    must_be: bool | str | None = None

    def misfit(self, value: object) -> str | None:
        """Why the value has not the parameter's type, in a sentence; None where it has.

        A number beyond all sense has not: a rule that reckons with it could not end.
        """
        default: Any = self.default
        given: Any = value
        if isinstance(default, tuple):
            texts = isinstance(value, list) and all(type(each) is str for each in given)
            return None if texts else f"{self.name} takes a list of texts"
        if isinstance(default, dict):
            fits = isinstance(value, dict) and all(
                type(each) in {type(known) for known in cast("dict[str, Any]", default).values()}
                for each in given.values()
            )
        elif type(default) is int:
            fits = type(value) is int and 0 <= given <= LARGEST.get(self.unit, 10**9)
        elif self.unit == "time_of_day":
            fits = isinstance(value, str) and TIME_OF_DAY.fullmatch(value) is not None
        else:
            fits = type(value) is type(default)
        return None if fits else f"{self.name} takes a value in {self.unit}, not {value!r}"

    def too_loose(self, value: object) -> str | None:
        """Why the source does not allow the value, in a sentence; None where it does."""
        if self.must_be is not None and value != self.must_be:
            return f"{self.name} must be {self.must_be} ({self.source})"
        if not isinstance(value, int):
            return None
        if self.at_most is not None and value > self.at_most:
            return f"{self.name} is at most {self.at_most} ({self.source})"
        if self.at_least is not None and value < self.at_least:
            return f"{self.name} is at least {self.at_least} ({self.source})"
        return None
