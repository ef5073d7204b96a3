"""Random scripts: what may happen in a run (`world.py`), from a seed."""

from __future__ import annotations

import random
from typing import Any

from tests.fuzz.acts import ACTS
from tests.fuzz.edits import VERBS

LARGEST = 2**48
"""Above it a choice would be lost in JavaScript's numbers."""

_STEPS = {
    "act": 34,
    "batch": 5,
    "flush": 16,
    "edit": 26,
    "down": 24,
    "up": 24,
    "meet": 1,
    "part": 0.35,
    "join": 1.0,
    "reload": 0.3,
    "restart": 0.06,
    "renew": 0.08,
    "heal": 0.3,
}
_FATES = {"all": 30, "one": 8, "drop": 1.2, "double": 1.2, "later": 1.2}
_VERBS = {**dict.fromkeys(VERBS, 4), "insert": 12, "move": 10, "set": 8, "remove": 6}
_ACTS = {**dict.fromkeys(ACTS, 4), "insert": 6, "append": 6, "assign": 1, "renew": 1, "relist": 1}


class Chance(random.Random):
    """Random choices with weights."""

    def pick(self, weights: dict[str, float]) -> str:
        return self.choices(list(weights), list(weights.values()))[0]

    def digits(self) -> int:
        return self.randrange(LARGEST)


def script(seed: int, length: int) -> dict[str, Any]:
    """Return a random script of so many steps."""
    chance = Chance(seed)
    return {"log_limit": chance.choice((8, 12, 40, 1000)), "steps": [_step(chance) for _ in range(length)]}


def _step(chance: Chance) -> list[Any]:
    name = chance.pick(_STEPS)
    page = chance.randrange(4)
    match name:
        case "act":
            return [name, *_act(chance)]
        case "batch":
            return [name, [_act(chance) for _ in range(chance.randint(2, 4))]]
        case "edit":
            count = chance.choice((1, 1, 1, 2, 3))
            return [name, page, [[chance.pick(_VERBS), chance.digits()] for _ in range(count)]]
        case "down" | "up":
            return [name, page, chance.pick(_FATES)]
        case "part" | "join" | "meet":
            return [name, page]
        case "reload":
            return [name, page, chance.choice(("nothing", "now", "saved"))]
        case "restart":
            return [name, chance.choice(("now", "nothing"))]
        case _:
            return [name]


def _act(chance: Chance) -> list[Any]:
    return [chance.pick(_ACTS), chance.digits()]
