"""Times that can be compared on a noisy machine: every round runs all cases, in rotated order.

What counts is the ratio inside a round; the median of those is what the benchmarks print.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

ROUNDS = 15


class Times:
    """What some cases took, round by round.

    Args:
        cases: Each runs what it measures as often as it is told.
        number: How often that is in a round; if they differ much, for each case.
        rounds: How many rounds there are, after one that is not counted.
        clock: Tells seconds; by default of the CPU, for this thread.
    """

    def __init__(
        self,
        cases: Mapping[str, Callable[[int], object]],
        number: int | Mapping[str, int],
        *,
        rounds: int = ROUNDS,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._times: dict[str, list[float]] = {name: [] for name in cases}
        self.names = names = list(cases)
        numbers = dict.fromkeys(names, number) if isinstance(number, int) else number
        gc.disable()
        for count in range(rounds + 1):
            for place in range(len(names)):
                name = names[(place + count) % len(names)]
                gc.collect()
                start = clock()
                cases[name](numbers[name])
                if count:
                    self._times[name].append((clock() - start) / numbers[name])
        gc.enable()

    def seconds(self, name: str) -> float:
        """Return the median of a case, for one run of what it measures."""
        return median(self._times[name])

    def ratio(self, name: str, base: str) -> float:
        """Return how many times as long as another case a case takes: the median over the rounds."""
        return median(one / other for one, other in zip(self._times[name], self._times[base], strict=True))


def spelled(seconds: float) -> str:
    """Show a duration with the unit that suits it.

    Examples:
        >>> spelled(0.0000007), spelled(0.0123)
        ('700 ns', '12.3 ms')
    """
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def spelled_ratio(ratio: float) -> str:
    """Show how many times as long something takes.

    Examples:
        >>> spelled_ratio(1.234), spelled_ratio(2770.1)
        ('1.23x', '2,770x')
    """
    return f"{ratio:,.0f}x" if ratio >= 1000 else f"{ratio:.3g}x"


def statement(code: str, names: Mapping[str, object]) -> Callable[[int], object]:
    """Return a case that runs a statement again and again; in it `k` counts up, round after round."""
    scope: dict[str, object] = {**names, "last": [2**20]}
    exec(
        f"def run(number):\n"
        f"    for k in range(last[0], last[0] + number):\n"
        f"        {code}\n"
        f"    last[0] += number",
        scope,
    )
    return scope["run"]  # type: ignore[return-value] # the function that was just made
