"""A business rule: an id, what must hold, in English and Chinese, and the parameters it reads."""

from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.parameter import Parameter


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an interaction was refused: the rule it broke and, in a sentence, how.

    The detail never quotes a personal field.
    """

    rule: str
    detail: str


@dataclass(frozen=True)
class Rule:
    """States positively what must hold; calling it makes the refusal of one interaction."""

    id: str
    sentence: str
    chinese: str
    parameters: tuple[Parameter[Any], ...] = ()
    source: str = "PRACTICE"

    def __call__(self, detail: str = "") -> Refusal:
        return Refusal(rule=self.id, detail=detail or self.sentence)
