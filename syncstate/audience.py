"""Floor 5. Who shows which models, and which of them nobody shows any more.

A page that says `bye` for a model has taken its output away. A page that leaves has not: it is loaded
again, or its notebook is closed and may be opened again, and the outputs still name the model. So only a
`bye` lets a model go, and not at once: cells are cut to be pasted. It has no clock: who asks brings the time.
"""

from __future__ import annotations

GRACE = 30.0
"""Seconds for which a model that nobody shows any more is kept for a page that shows it again."""

MANY = 100
"""How many are kept so: a loop that shows one model after the other must not fill the memory meanwhile."""

REPLICAS = 1000
"""How many replicas are remembered of one model; each reload of a page is a new one."""


class Audience:
    """What pages have said they show."""

    def __init__(self) -> None:
        self._shown: dict[str, dict[str, None]] = {}  # the replicas that show a model, the latest last
        self._left: dict[str, float] = {}  # when the last one said bye

    def join(self, key: str, replica: str) -> None:
        """Take note that a page shows a model."""
        replicas = self._shown.setdefault(key, {})
        replicas[replica] = None
        if len(replicas) > REPLICAS:
            del replicas[next(iter(replicas))]
        self._left.pop(key, None)

    def leave(self, key: str, replica: str, now: float) -> None:
        """Take note that a page shows a model no longer."""
        replicas = self._shown.get(key, {})
        replicas.pop(replica, None)
        if not replicas:
            self._shown.pop(key, None)
            self._left[key] = now

    def part(self, replica: str) -> None:
        """Take note that a page is gone, which may come back."""
        for key, replicas in list(self._shown.items()):
            replicas.pop(replica, None)
            if not replicas:
                self._shown.pop(key, None)

    def keep(self, key: str) -> None:
        """Take note that a model is about to be shown, by a page that has not said so yet."""
        self._left.pop(key, None)

    def forget(self, key: str) -> None:
        """Forget a model that is gone."""
        self._shown.pop(key, None)
        self._left.pop(key, None)

    def due(self, now: float) -> list[str]:
        """Return the models that nobody has shown for long enough, and remember them no longer."""
        spare = len(self._left) - MANY
        due = [
            key
            for place, (key, since) in enumerate(self._left.items())
            if place < spare or now - since >= GRACE
        ]
        for key in due:
            self.forget(key)
        return due

    def pause(self, now: float) -> float | None:
        """Return after how many seconds the next one is due, or None if none will be."""
        return max(0.0, min(self._left.values()) + GRACE - now) if self._left else None
