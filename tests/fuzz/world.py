"""A run: one kernel, four pages, whatever may happen between them, and what must hold all the same.

A script is a list of steps, each of which means something wherever it stands, so that a failing one can be
made shorter by leaving steps out:

| step | what happens |
|---|---|
| `["act", verb, number]` | Python does something to the model (`acts.py`) |
| `["batch", acts]` | and some things in one `batch()` |
| `["flush"]` | the link sends what is new |
| `["edit", page, choices]` | a page makes an edit (`edits.py`) |
| `["down", page, fate]` | frames on the way to a page: `all` or `one` arrive; one is lost (`drop`), |
| `["up", page, fate]` | arrives and stays on the way (`double`), or is overtaken (`later`); the other way |
| `["meet", page]` | all frames of a page arrive, the link sends what is new, and all frames to it arrive |
| `["part", page]`, `["join", page]` | the page's connection is lost; it has another one |
| `["reload", page, how]` | the page is loaded anew, from `nothing`, an output of `now`, or a `saved` one |
| `["restart", how]` | another kernel makes the model anew, from its state of `now` or from `nothing` |
| `["renew"]` | the cell runs again: another model of the same key |
| `["heal"]` | everything arrives, every page asks what it missed, and all must be equal |

One that was made shorter may begin with a state (`"start"`) that the long one had come to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import syncstate.link
from syncstate.authority import Authority
from syncstate.document import same
from syncstate.link import Link
from syncstate.messages import PROTOCOL, Message
from tests.fuzz.acts import Kernel, new_board
from tests.fuzz.edits import Author, marks
from tests.fuzz.meanings import OVERWRITTEN, Made
from tests.fuzz.oracle import Failure, Oracle
from tests.fuzz.pages import Event, Node, NodePage, Page, PythonPage

NAMES = "abcdk"
"""The pages, two in Python, two in Node, and the kernel."""

LATER_NAMES = "efghl"
"""Those of a world that begins with what was made in another one."""

Step = list[Any]
Script = dict[str, Any]


class Watched(Authority):
    """An authority that tells which answers it gave."""

    def receive(self, message: Message, replica: str, reply: Callable[[list[Message]], None]) -> None:
        def watch(answers: list[Message]) -> None:
            self.on_answer(message, replica, answers)
            reply(answers)

        super().receive(message, replica, watch)

    on_answer: Callable[[Message, str, list[Message]], None]


@dataclass(eq=False, slots=True)
class Sent:
    """What left a page under one number: its edits since the one before."""

    epoch: str
    operations: list[Any]
    edits: list[Made]
    is_accepted: bool = False
    is_rejected: bool = False
    is_coerced: bool = False
    is_told: bool = False
    is_uncertain: bool = False  # a snapshot came to the page, which does not say what became of it


class Lane:
    """A page and the frames on the way to it and from it.

    Attributes:
        open: The edits of which nobody knows yet what will become of them.
        pending: Those that the page waits to hear of.
        taken_back: The last of them that the page gave up in this frame: one that an earlier message of the
            frame let go may leave all the same, for an epoch that is over.
        flight: What left it last.
        replica, epoch: The page's id, and whose document it shows.
    """

    def __init__(self, name: str, page: Page) -> None:
        self.name = name
        self.page = page
        self.down: list[tuple[str, Any]] = []
        self.up: list[Any] = []
        self.is_parted = False
        self.open: list[Made] = []
        self.pending: list[Made] = []
        self.taken_back: list[Made] = []
        self.flight: Sent | None = None
        self.replica = self.epoch = ""
        self.shown: Any = None


class World:
    """The kernel, the pages, and the accounts of a run.

    Args:
        node: The process that holds the pages of the real client.
        log_limit: How many commits the authority remembers.
        start: The state that the model has at first, or None for a new one.
        is_strict: A refusal without a cause is a failure; else it is counted.

    Attributes:
        counts: What happened, how often.
        states: The state at each `heal`, and how many steps had been done.
        log: What was said, if a list is put here.
    """

    def __init__(self, node: Node, *, log_limit: int = 12, start: Any = None, is_strict: bool = True) -> None:
        self._process = syncstate.link.KERNEL
        self.counts: Counter[str] = Counter()
        self.log: list[str] | None = None
        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self.on_close: Callable[[], None] = lambda: None
        self._is_strict = is_strict
        self._log_limit = log_limit
        self._kernels = 0
        names = NAMES if start is None else LATER_NAMES
        self.states: list[tuple[int, Any]] = []
        self._steps = 0
        self._author = Author(names[-1], 7)
        self._oracles: dict[str, Oracle] = {}
        self._sent: dict[tuple[str, int], Sent] = {}
        self._rejected: set[tuple[str, int]] = set()
        self._left: list[Made] = []  # on their way when their page was loaded anew
        self._node = node
        node.reset()
        pages: list[Page] = [
            *map(PythonPage, names, (0, 1)),
            *(NodePage(node, names[place], place) for place in (2, 3)),
        ]
        self._lanes = [*map(Lane, names, pages)]
        self._boot(start)
        self._saved = self._bundle()
        for lane in self._lanes:
            self._tell(lane, "new", "null")

    def run(self, script: Script) -> None:
        """Do what a script says, and heal.

        Raises:
            Failure: Something was seen that may not be.
        """
        try:
            for name, *arguments in script["steps"]:
                self.do(name, *arguments)
            self.do("heal")
        finally:
            syncstate.link.KERNEL = self._process  # this one, whatever was played
        self.counts["never heard"] += sum(not made.fate for made in self._left)

    def do(self, name: str, *arguments: Any) -> None:
        """Do one step."""
        if self.log is not None:
            self.log.append(f"-- {json.dumps([name, *arguments])}")
        self._steps += 1
        self.counts[f"step {name}"] += 1
        getattr(self, f"_do_{name}")(*arguments)

    # -- the kernel

    def _boot(self, saved: Any) -> None:
        """Start a kernel process."""
        self._kernels += 1
        syncstate.link.KERNEL = f"kernel-{self._kernels}"
        self._link = Link(self, wake=lambda: None)
        self._publish(saved)

    def _publish(self, saved: Any) -> None:
        board = new_board(self._author, saved)
        document = board._document
        self._authority = Watched(document, "board", document.lock, log_limit=self._log_limit)
        self._authority.on_answer = self._on_answer
        document.authority = self._authority
        document.watch()
        self._kernel = Kernel(board, self._author)
        self._link.publish(self._authority)
        self._oracle = Oracle(board.sync.snapshot(), self._authority.version, self._log_limit)
        self._oracles[self._authority.epoch] = self._oracle

    def _bundle(self) -> str:
        """Return what is embedded in an output that is made now."""
        snapshot: Any = self._authority.snapshot()
        return json.dumps({"protocol": PROTOCOL, "class": "Board", **snapshot})

    def send(self, frame: Any, buffers: Sequence[bytes] = ()) -> None:
        """Take a frame of the kernel; every page that is connected may hear it."""
        text = json.dumps(frame)
        for lane in self._lanes:
            if not lane.is_parted:
                lane.down.append((text, frame))

    def close(self) -> None:
        """Nothing is to be closed here."""

    def _observe(self) -> None:
        """Follow what was committed."""
        patches: Any = self._authority.patches(self._oracle.tree.version)
        assert patches is not None, "the log forgot before anybody looked"
        for message in patches:
            self.counts["commits"] += 1
            self.counts["operations"] += len(message["operations"])
            if "replica" in message:
                self._on_accept(message)
            else:
                self._oracle.commit(message)

    def _on_accept(self, message: Any) -> None:
        sent = self._sent[message["replica"], message["number"]]
        if sent.is_accepted:
            raise Failure("doubled", f"an edit was accepted twice: {sent.operations}")
        sent.is_accepted = True
        self._end(sent.edits, "accepted")
        sent.is_coerced = self._oracle.accept(message, sent.edits)
        self.counts["coerced"] += sent.is_coerced

    def _on_answer(self, message: Any, replica: str, answers: list[Any]) -> None:
        self._observe()
        for answer in answers:
            key = (replica, answer.get("number"))
            if answer["type"] == "reject" and message["type"] == "edit" and key not in self._rejected:
                self._rejected.add(key)
                self._on_reject(message, self._sent[key], answer["reason"])

    def _on_reject(self, message: Any, sent: Sent, reason: str) -> None:
        if sent.is_accepted or sent.edits[0].fate:
            return  # it comes again, and its page will not hear of it any more
        cause: str | None = "epoch"
        sent.is_rejected = True
        if message["epoch"] == self._authority.epoch:
            cause = self._oracle.cause(sent.edits, base=message["base"])
            if len(sent.edits) > 1:  # the page will let each of them go alone
                self._judge(cause, reason, sent.edits)
                return
        self._refuse(sent.edits, cause, reason)

    # -- the accounts

    def _end(self, edits: list[Made], fate: str) -> None:
        """Note what became of edits."""
        for made in edits:
            if made.fate:
                raise Failure("untrue", f"an edit was {made.fate}, and then {fate}: {made.operations}")
            made.fate = fate
        self.counts[fate] += len(edits)

    def _refuse(self, edits: list[Made], cause: str | None, reason: str) -> None:
        self._end(edits, "refused")
        self.counts[f"refused: {cause or 'needless'}"] += len(edits)
        self._judge(cause, reason, edits)

    def _judge(self, cause: str | None, reason: str, edits: list[Made]) -> None:
        if cause is None and self._is_strict:
            raise Failure("needless", f"{reason} ({[made.meanings for made in edits]})")

    # -- the pages

    def _tell(self, lane: Lane, name: str, argument: str = "null", frame: Any = None) -> None:
        lane.page.command(name, argument, lambda events: self._on_events(lane, events, frame))

    def _on_events(self, lane: Lane, events: list[Event], frame: Any) -> None:
        snapshots = [
            message
            for message in (frame["messages"] if frame is not None else ())
            if message["type"] == "snapshot" and message.get("to", lane.replica) == lane.replica
        ]
        lane.taken_back = []
        if snapshots and lane.flight is not None:
            lane.flight.is_uncertain = True
        for name, *facts in events:
            if self.log is not None:
                self.log.append(f"{lane.name} {name} {json.dumps(facts)}")
            getattr(self, f"_on_{name}")(lane, frame, *facts)
        for message in snapshots:
            for made in lane.pending:
                if made.epoch == message["epoch"] and not made.is_told:
                    self._oracles[made.epoch].outlive_snapshot(made, message["version"])
            lane.epoch = message["epoch"]
            self.counts["snapshots"] += 1

    def _on_sent(self, lane: Lane, _: Any, frame: Any) -> None:
        lane.replica = frame["replica"]
        if not lane.is_parted:
            lane.up.append(frame)
        for message in frame["messages"]:
            if message["type"] == "edit":
                self._on_edit(lane, message)

    def _on_edit(self, lane: Lane, message: Any) -> None:
        sent = self._sent.get((lane.replica, message["number"]))
        if sent is None:
            self._on_new_edit(lane, message)
        elif sent.operations != message["operations"]:
            raise Failure("frozen", f"{sent.operations} was sent again as {message['operations']}")
        else:
            self.counts["sent again"] += 1

    def _on_new_edit(self, lane: Lane, message: Any) -> None:
        self._check_flight(lane)
        lane.open = [made for made in lane.open if not made.fate]
        known, count = marks(message["operations"]), len(message["operations"])
        marked = [made for made in lane.open if made.marks & known]
        rest = count - sum(len(made.operations) for made in marked)
        edits = [made for made in lane.open if made in marked or (not made.marks and rest > 0)]
        edits = edits or [made for made in lane.taken_back if made.marks & known or not made.marks]
        if not edits:
            raise Failure("doubled", f"{lane.name} sends {message['operations']}, which it did not make")
        self._drop_overwritten([made for made in lane.open if made not in edits], edits)
        for made in edits:
            self._oracles[made.epoch].leave(made, message["base"])
        sent = Sent(message["epoch"], message["operations"], edits)
        sent.is_told = edits[0].is_told
        self._sent[lane.replica, message["number"]] = lane.flight = sent
        self.counts["sent"] += 1

    def _drop_overwritten(self, waiting: list[Made], sent: list[Made]) -> None:
        """Take note of edits that never leave the page: their author overwrote them before."""
        for made in reversed(waiting):
            successor = made.successor
            if successor is not None and (successor in sent or successor.fate):
                self._end([made], OVERWRITTEN)

    def _check_flight(self, lane: Lane) -> None:
        """See that the last edit that left a page was answered, and its author told if it was refused."""
        sent = lane.flight
        is_in_parts = sent is not None and sent.is_rejected and len(sent.edits) > 1
        if sent is not None and not (sent.is_accepted or sent.is_told or is_in_parts):
            raise Failure("lost", f"nobody was told what became of {sent.operations}")

    def _on_made(self, lane: Lane, _: Any, operations: Any, meanings: Any, version: int) -> None:
        self.counts["made"] += 1
        self.counts["made: operations"] += len(operations)
        made = Made(lane.name, lane.epoch, version, operations, meanings)
        lane.pending = [other for other in lane.pending if other.is_pending(version)]
        self._oracles[lane.epoch].understand(made, lane.pending)
        lane.pending.append(made)
        lane.open = [earlier for earlier in lane.open if not earlier.fate]
        if lane.open and made.overwrites(lane.open[-1]):
            lane.open[-1].successor = made
        lane.open.append(made)

    def _on_refused(self, lane: Lane, _: Any) -> None:
        self.counts["refused on the spot"] += 1

    def _on_told(self, lane: Lane, frame: Any, operations: Any, reason: str) -> None:
        if not operations:
            raise Failure("fault", f"{lane.name} says: {reason}")
        if lane.flight is not None and lane.flight.operations == operations and not lane.flight.is_told:
            self._on_told_sent(lane.flight, reason)
            return
        known = marks(operations)
        lane.open = [made for made in lane.open if not made.fate]
        found = [made for made in lane.open if (made.marks & known if known else not made.marks)]
        cause = self._cause_in(frame, lane, found)
        if len(found) != 1 and not (found and cause == "epoch"):  # what was merged is given up as one
            raise Failure("untrue", f"{lane.name} takes back what it did not do: {operations} ({reason})")
        for made in found:
            made.is_told = True
        lane.taken_back = found
        oracle, in_front = self._oracles[found[0].epoch], lane.pending[: lane.pending.index(found[0])]
        self._refuse(found, cause or oracle.cause(found, in_front=in_front), reason)

    def _cause_in(self, frame: Any, lane: Lane, edits: list[Made]) -> str | None:
        """Name the cause if it is a snapshot: one that came now, or while the edit was in flight."""
        for message in frame["messages"] if frame is not None else ():
            if message["type"] == "snapshot":
                return "forgotten" if message["epoch"] == lane.epoch else "epoch"
        sent = lane.flight
        was_in_flight = sent is not None and sent.is_uncertain and any(made in sent.edits for made in edits)
        return "forgotten" if was_in_flight else None

    def _on_told_sent(self, sent: Sent, reason: str) -> None:
        sent.is_told = True
        for made in sent.edits:
            made.is_told = True
        if sent.is_accepted and sent.epoch == self._authority.epoch:
            raise Failure("untrue", f"{sent.operations} has happened, and its author is told: {reason}")
        if sent.is_accepted:
            self.counts["accepted, and gone with the model"] += len(sent.edits)
        elif not sent.edits[0].fate:
            self._refuse(sent.edits, "epoch" if sent.epoch != self._authority.epoch else None, reason)

    def _on_answered(self, lane: Lane, _: Any, number: int, is_same: bool) -> None:
        sent = self._sent[lane.replica, number]
        if sent.is_coerced or sent.is_uncertain:
            return
        self.counts["carried edits compared"] += 1
        if not is_same:
            raise Failure(
                "rebased", f"{lane.name} showed something else than what became of {sent.operations}"
            )

    def _on_shown(self, lane: Lane, _: Any, state: Any) -> None:
        lane.shown = state

    def _on_fault(self, lane: Lane, _: Any, text: str) -> None:
        raise Failure("fault", f"{lane.name}: {text}")

    # -- the steps

    def _do_act(self, verb: str, number: int) -> None:
        self._kernel.act(verb, number)

    def _do_batch(self, acts: list[Any]) -> None:
        self._kernel.together(acts)

    def _do_flush(self) -> None:
        self._link.flush()
        self._observe()

    def _do_edit(self, page: int, choices: list[Any]) -> None:
        self._tell(self._lanes[page], "edit", json.dumps(choices))

    def _do_down(self, page: int, fate: str) -> None:
        lane = self._lanes[page]
        for text, frame in self._passed(lane.down, fate):
            self._tell(lane, "frame", text, frame)

    def _do_up(self, page: int, fate: str) -> None:
        lane = self._lanes[page]
        lane.page.settle()
        for frame in self._passed(lane.up, fate):
            self.on_frame(frame, ())

    def _do_meet(self, page: int) -> None:
        self._do_up(page, "all")
        self._do_flush()
        self._do_down(page, "all")

    def _passed(self, queue: list[Any], fate: str) -> list[Any]:
        """Return the frames that arrive now."""
        if not queue:
            return []
        self.counts[f"frames: {fate}"] += 1
        if fate == "all":
            arriving = queue[:]
            queue.clear()
            return arriving
        if fate == "double":
            return queue[:1]
        first = queue.pop(0)
        if fate == "later":
            queue.insert(2, first)
        return [first] if fate == "one" else []

    def _do_part(self, page: int) -> None:
        lane = self._lanes[page]
        lane.is_parted = True
        lane.down.clear()
        lane.up.clear()
        self._tell(lane, "stale")

    def _do_join(self, page: int) -> None:
        lane = self._lanes[page]
        if lane.is_parted:
            lane.is_parted = False
            self._tell(lane, "reopen")

    def _do_reload(self, page: int, how: str) -> None:
        lane = self._lanes[page]
        lane.page.settle()
        on_its_way = lane.flight.edits if lane.flight is not None and not lane.flight.is_rejected else []
        self._end(
            [made for made in lane.open if not made.fate and made not in on_its_way], "gone with the page"
        )
        self._left += [made for made in on_its_way if not made.fate]
        lane.open, lane.pending, lane.flight, lane.is_parted = [], [], None, False
        lane.down.clear()
        bundle = {"nothing": "null", "now": self._bundle(), "saved": self._saved}[how]
        self._observe()
        lane.epoch = "" if how == "nothing" else json.loads(bundle)["epoch"]
        self._tell(lane, "new", bundle)

    def _do_restart(self, how: str) -> None:
        self._settle()
        for lane in self._lanes:
            lane.down.clear()
        self._boot(self._kernel.board.sync.snapshot() if how == "now" else None)

    def _do_renew(self) -> None:
        self._settle()
        self._publish(self._kernel.board.sync.snapshot())

    def _settle(self) -> None:
        """Follow all that has happened so far."""
        self._authority.commit()
        self._observe()
        self._node.settle()

    def _do_heal(self) -> None:
        for lane in self._lanes:
            lane.is_parted = False
            self._tell(lane, "reopen")
        while self._drains():
            pass
        for lane in self._lanes:
            self._tell(lane, "show")
        self._node.settle()
        self._check_equal()
        self._saved = self._bundle()
        self.states.append((self._steps, self._kernel.board.sync.snapshot()))
        self.counts["healed"] += 1

    def _drains(self) -> bool:
        """Let everything through once; tell whether anything was on its way."""
        self._do_flush()
        self._node.settle()
        for at in range(len(self._lanes)):
            self._do_down(at, "all")
        self._node.settle()
        moved = any(lane.up for lane in self._lanes)
        for at in range(len(self._lanes)):
            self._do_up(at, "all")
        self._do_flush()
        return moved or any(lane.down for lane in self._lanes)

    def _check_equal(self) -> None:
        document: Any = self._kernel.board.sync.snapshot()
        if not same(document, self._oracle.tree.root.plain()):
            raise Failure(
                "converge",
                f"the model is {document}, but its patches led to {self._oracle.tree.root.plain()}",
            )
        for lane in self._lanes:
            shown = lane.shown
            if not same(shown["document"], document):
                raise Failure("converge", f"{lane.name} shows {shown['document']}, not {document}")
            if shown["status"] != "live" or shown["pending"] or shown["version"] != self._authority.version:
                raise Failure(
                    "converge",
                    f"{lane.name} is {shown['status']} at {shown['version']} with {shown['pending']}",
                )
            self._drop_overwritten([made for made in lane.open if not made.fate], [])
            if forgotten := [made.operations for made in lane.open if not made.fate]:
                raise Failure("lost", f"{lane.name} has forgotten {forgotten}")
            self._check_flight(lane)
