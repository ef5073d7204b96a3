"""How fast a kernel sends, and what becomes of pages that cannot follow: a real link in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from syncstate import SyncedModel
from syncstate.flow import LONG, PATIENCE, SHORT, WINDOW, Flow
from syncstate.link import Link

TICK = 1 / 60


class Board(SyncedModel):
    n: int = 0


@dataclass
class Reader:
    """A page that needs some time for each frame, and says so when it is asked."""

    name: str
    cost: float
    delay: float = 0.02
    is_there: bool = True
    waiting: list[tuple[float, Any]] = field(default_factory=list)  # when it has drawn each frame
    drawn: list[tuple[float, Any]] = field(default_factory=list)

    def take(self, frame: Any, now: float) -> None:
        begun = max(now + self.delay, self.waiting[-1][0] if self.waiting else 0.0)
        self.waiting.append((begun + self.cost, frame))

    def work(self, now: float) -> list[Any]:
        """Return what it says until now."""
        said = []
        while self.waiting and self.waiting[0][0] <= now:
            _, frame = self.waiting.pop(0)
            self.drawn.append((now, frame))
            if frame.get("ack") and self.is_there:
                said.append({"type": "ack", "seq": frame["seq"]})
        return said

    @property
    def gaps(self) -> list[float]:
        """Seconds between what it has drawn."""
        return [later - earlier for (earlier, _), (later, _) in pairwise(self.drawn)]


class Room:
    """A kernel whose model changes all the time, and the pages that watch it."""

    def __init__(self, *readers: Reader) -> None:
        self.now = 0.0
        self.readers = readers
        self.is_busy = False
        self.sent: list[Any] = []
        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self.on_close: Callable[[], None] = lambda: None
        self.on_goodbye: Callable[[str], None] = lambda replica: None
        self.link = Link(self, wake=lambda: None, clock=lambda: self.now, is_busy=lambda: self.is_busy)
        self.board = Board()
        self.link.publish(self.board._document.watch())
        for reader in readers:
            self.say(reader.name, {"type": "hello", "model": self.board.sync.key})

    def say(self, name: str, message: Any) -> None:
        self.on_frame({"protocol": 1, "replica": name, "seq": 1, "messages": [message]}, ())

    def send(self, frame: Any, buffers: Sequence[bytes]) -> None:
        self.sent.append(frame)
        for reader in self.readers:
            reader.take(frame, self.now)

    def close(self) -> None:
        """Nothing is open."""

    def run(self, seconds: float) -> list[Any]:
        """Change the model each tick, and return the frames that leave."""
        known = len(self.sent)
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            self.board.n += 1
            self.link.flush()
            if not self.is_busy:
                self.hear()
        return self.sent[known:]

    def hear(self) -> None:
        for reader in self.readers:
            for message in reader.work(self.now):
                self.say(reader.name, message)


def value_of(frame: Any) -> int:
    """Return what a frame says of `n`."""
    message = frame["messages"][-1]
    value: int = message["document"]["n"] if "document" in message else message["operations"][-1]["value"]
    return value


def test_pages_that_follow_get_each_tick_and_seldom_speak():
    room = Room(Reader("a", 0.01), Reader("b", 0.001, delay=0.1))
    room.run(2)

    frames = room.run(10)

    assert len(frames) >= 595
    assert sum(frame.get("ack", False) for frame in frames) <= 10 / TICK / WINDOW + 1


def test_pages_far_away_get_each_tick():
    room = Room(Reader("a", 0.001, delay=0.22))
    room.run(3)

    assert len(room.run(10)) >= 590


def test_a_slow_page_gets_as_many_frames_as_it_manages_and_the_newest_state():
    slow = Reader("slow", 0.3)
    room = Room(slow)

    room.run(20)

    assert len(slow.waiting) <= 3
    room.run(10)
    drawn_at, frame = slow.drawn[-1]
    lag = (room.board.n - value_of(frame)) * TICK - (room.now - drawn_at)
    assert lag < 1.0
    assert 2 <= len([drawn for drawn in slow.drawn if drawn[0] > 20]) / 10 <= 3.4


def test_the_last_state_comes_though_the_page_was_slow():
    slow = Reader("slow", 0.3)
    room = Room(slow)
    room.run(5)
    last = room.board.n

    for _ in range(240):
        room.now += TICK
        room.link.flush()
        room.hear()

    assert value_of(slow.drawn[-1][1]) == last
    assert room.link.flush() is None  # nothing is left to wait for


def test_a_fast_page_beside_a_slow_one_goes_on():
    fast, slow = Reader("fast", 0.001), Reader("slow", 0.5)
    room = Room(fast, slow)

    room.run(30)

    assert max(fast.gaps) <= LONG + 2 * TICK
    assert len(slow.waiting) <= WINDOW


def test_a_page_that_falls_silent_is_not_waited_for():
    fast, gone = Reader("fast", 0.001), Reader("gone", 0.001)
    room = Room(fast, gone)
    room.run(2)
    gone.is_there = False

    room.run(PATIENCE + 1)
    assert SHORT <= max(fast.gaps) <= LONG + 2 * TICK

    frames = room.run(5)
    assert len(frames) >= 295
    gone.is_there = True
    assert len(room.run(5)) >= 295


def test_a_page_that_was_slow_for_a_while_gets_each_tick_again():
    reader = Reader("a", 0.3)
    room = Room(Reader("b", 0.001), reader)
    room.run(10)
    reader.cost = 0.005
    room.run(3)

    assert len(room.run(5)) >= 290


def test_nobody_who_reads_is_nobody_to_wait_for_and_is_asked_less_and_less():
    frames = Room().run(60)

    assert len(frames) == 3600
    assert sum(frame.get("ack", False) for frame in frames) <= 12


def test_a_kernel_that_cannot_hear_its_pages_does_not_wait_for_them():
    room = Room(Reader("a", 0.001))
    room.run(2)
    room.is_busy = True  # on the thread that hears pages

    frames = room.run(20)

    assert len(frames) >= 1190
    assert not any("ack" in frame for frame in frames)
    room.is_busy = False
    assert len(room.run(2)) >= 118


def test_what_is_asked_for_is_answered_though_a_page_is_slow():
    room = Room(Reader("slow", 5.0))
    room.run(1.5)
    known = len(room.sent)

    room.board.n += 1
    room.link.flush()
    assert len(room.sent) == known  # it waits
    room.say("new", {"type": "hello", "model": room.board.sync.key})
    room.link.flush()

    (frame,) = room.sent[known:]
    assert [message["type"] for message in frame["messages"]][-1] == "snapshot"


def test_an_edit_is_answered_though_a_page_is_slow():
    room = Room(Reader("slow", 5.0))
    room.run(1.5)
    known, authority = len(room.sent), room.board._document.authority

    edit = {"type": "edit", "model": authority.key, "epoch": authority.epoch, "base": 0, "number": 1}
    room.say("fast", {**edit, "operations": [{"op": "replace", "path": "/n", "value": -1}]})
    room.link.flush()

    (frame,) = room.sent[known:]
    assert frame["messages"][-1]["replica"] == "fast"
    assert value_of(frame) == -1


@pytest.mark.parametrize("word", ["bye", "the comm"])
def test_a_page_that_says_goodbye_is_not_waited_for(word):
    fast, leaving = Reader("fast", 0.001), Reader("leaving", 0.001)
    room = Room(fast, leaving)
    room.run(2)
    leaving.is_there = False
    if word == "bye":
        room.say("leaving", {"type": "bye", "model": room.board.sync.key})
    else:
        room.on_goodbye("leaving")

    assert len(room.run(5)) >= 298


@pytest.mark.parametrize("cost", [1.0, 3.0])
def test_the_backlog_of_a_page_that_hardly_moves_is_bounded(cost):
    slow = Reader("slow", cost)
    room = Room(slow)

    room.run(120)

    assert len(slow.waiting) <= 12


def test_a_change_now_and_then_asks_nobody():
    room = Room(Reader("a", 0.01))
    room.run(1)
    known = len(room.sent)

    for _ in range(100):
        room.now += 1.1
        room.run(TICK)

    assert len(room.sent) == known + 100
    assert not any("ack" in frame for frame in room.sent[known + 1 :])


def test_an_answer_to_a_frame_that_is_still_to_come_counts_for_nothing():
    flow = Flow()
    flow.meet("a")
    for seq in (1, 2, 3):
        flow.leaves(seq, 0.0)

    for seq in (0, 3, 2**53):
        flow.acknowledge("a", seq, 0.1)
    assert flow.pause(0.1) > 0
    flow.acknowledge("a", 2, 0.1)

    assert flow.pause(0.1) == 0


def test_pages_that_are_invented_are_bounded():
    flow = Flow()
    for seq in (1, 2):
        flow.leaves(seq, 0.0)

    for name in range(5000):
        flow.acknowledge(str(name), 2, 0.1)
        flow.meet(f"other {name}")

    assert len(flow._readers) == 1000
