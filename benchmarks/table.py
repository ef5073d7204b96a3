"""The rows that the benchmarks show, change and send: the same ones everywhere."""

from __future__ import annotations

from typing import Any


def table(count: int) -> list[Any]:
    """Return rows as a table on screen has them."""
    return [{"id": i, "name": f"item {i}", "price": i * 1.5} for i in range(count)]
