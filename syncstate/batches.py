"""Floor 6. Batches and transactions: the changes of any models, told as one or taken back as one.

A batch belongs to the flow of control that opened it (a thread, or an asyncio task): what others change
meanwhile is not in it. A document joins with its first change and is held until the end. What was begun
inside and outlives the batch, a task say, is not in it any more.

To take a batch back, nobody looks for differences: what was done stands in a journal, and is undone on the
very objects, the last change first. Where another flow of control changed the same document meanwhile, its
changes stay, and those of the batch are taken back by operations that are carried over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from contextvars import ContextVar
from threading import Lock, RLock
from typing import Protocol

from syncstate.journal import Journal, current_journal
from syncstate.roots import NOWHERE


class Member(Protocol):
    """A document that can be part of a batch."""

    lock: RLock

    def held(self) -> AbstractContextManager[object]:
        """Hold the lock, whichever it is by then."""

    def ask_rules(self, batch: Batch) -> None:
        """Raise what the model's rules say of what a batch did; the lock is not held."""

    def begin_batch(self, batch: Batch) -> None:
        """Hold back what is told from now on; the lock is held."""

    def prepare_return(self, batch: Batch) -> bool:
        """Make ready for the way back, and say whether others changed this meanwhile; the lock is held."""

    def carry_back(self, batch: Batch) -> None:
        """Take back what the batch did, by operations; the lock is held."""

    def finish_return(self, batch: Batch, *, is_carried: bool) -> None:
        """Forget what the batch did; the lock is held."""

    def tell_return(self, batch: Batch) -> None:
        """Tell observers of the way back; the lock is not held."""

    def end_batch(self, batch: Batch) -> None:
        """Tell what is left of it, as one."""


class Batch:
    """The documents that were changed inside one `batch()` or `transaction()`.

    Args:
        outer: The one in which this was opened.
        is_statement: It is one statement of a person's, or one edit of a page's.

    Attributes:
        is_unheard: Observers have been told nothing of what was done.
    """

    def __init__(self, outer: Batch | None = None, *, is_statement: bool = False) -> None:
        self.is_open = True
        self.outer = outer
        self.is_statement = is_statement
        self.is_unheard = False
        self.journal = Journal()
        self._documents: list[Member] = []
        self._lock = Lock()  # taken with a document's lock held, never before one

    @property
    def outermost(self) -> Batch:
        """The one in which all others were opened."""
        return self if self.outer is None else self.outer.outermost

    def is_in(self, other: Batch) -> bool:
        """Tell whether this is another one, or was opened inside it."""
        return self is other or (self.outer is not None and self.outer.is_in(other))

    def join(self, document: Member) -> None:
        """Hold a document until the end; after it, or a second time, do nothing."""
        if document in self._documents:  # it only grows
            return
        if self.outer is not None:
            self.outer.join(document)
        with self._lock:
            if self.is_open and document not in self._documents:
                self._documents.append(document)
                document.begin_batch(self)

    def ask(self) -> None:
        """Have the rules of the models asked about what was done, and take it back if one raises."""
        try:
            for document in list(self._documents):
                document.ask_rules(self)
        except BaseException:
            self.take_back()
            raise

    def take_back(self) -> None:
        """Restore what was changed inside, whatever interrupts come meanwhile."""
        interrupt: BaseException | None = None
        while True:
            try:
                self._take_back()
                break
            except KeyboardInterrupt as again:  # what has been taken back stays so: go on
                interrupt = again
        for document in self._documents:
            document.tell_return(self)
        if interrupt is not None:
            raise interrupt

    def _take_back(self) -> None:
        with ExitStack() as stack:
            # only who does this holds several locks, always in this order
            for document in sorted(self._documents, key=lambda document: id(document.lock)):
                stack.enter_context(document.held())
            are_shared = [document.prepare_return(self) for document in self._documents]
            if any(are_shared):
                for document in self._documents:
                    document.carry_back(self)
            else:
                with NOWHERE.lock:
                    self.journal.take_back()
            for document in self._documents:
                document.finish_return(self, is_carried=any(are_shared))

    def end(self) -> None:
        """Let every document tell what was held back; it holds nothing once it is closed."""
        if self.outer is not None:
            self.outer.journal.add(self.journal)
        with self._lock:
            self.is_open = self.journal.is_open = False
        with ExitStack() as stack:  # each one ends, whatever the listeners of another do
            for document in reversed(self._documents):
                stack.callback(document.end_batch, self)


current_batch: ContextVar[Batch | None] = ContextVar("syncstate-batch", default=None)


def _open_batch() -> Batch | None:
    """Return the batch in which this flow of control is, if it has not ended."""
    batch = current_batch.get()
    return batch if batch is not None and batch.is_open else None


@contextmanager
def batch() -> Iterator[None]:
    """Group mutations of any models: pages get them in one message, listeners in one patch.

    Nobody outside sees the inside of a batch; edits of pages wait for its end. Observers of traitlets are
    told at once, as ever. A batch inside a batch is part of the outer one. An exception ends the batch and
    keeps what was done; `transaction()` takes it back.

    Examples:
        >>> from syncstate import SyncedModel, batch
        >>> class Point(SyncedModel):
        ...     x: int = 0
        ...     y: int = 0
        >>> point = Point()
        >>> with batch():
        ...     point.x = 3
        ...     point.y = 4
    """
    if _open_batch() is not None:
        yield
        return
    with _opened(Batch()):
        yield


@contextmanager
def transaction() -> Iterator[None]:
    """Group mutations of any models as `batch` does, and take them all back if an exception comes out.

    Everything synced is then as it was: values, the order of members, and the very lists and dicts that you
    hold, in the places where they were. Pages and listeners see nothing of it. Observers of traitlets are
    told at once, and of the way back afterwards. A transaction inside another one, or inside a batch, can be
    taken back alone.

    Examples:
        >>> from syncstate import SyncedModel, transaction
        >>> class Stock(SyncedModel):
        ...     rows: list[dict] = [{"pieces": 3}]
        >>> stock = Stock()
        >>> row = stock.rows[0]
        >>> try:
        ...     with transaction():
        ...         stock.rows.remove(row)
        ...         raise ValueError("sold out")
        ... except ValueError:
        ...     print(stock.rows, stock.rows[0] is row)
        [{'pieces': 3}] True
    """
    mine = Batch(_open_batch())
    with _opened(mine):
        try:
            yield
        except BaseException:
            mine.take_back()
            raise


def statement() -> AbstractContextManager[None] | None:
    """Return the unit that a statement is by itself, or None inside a batch."""
    return _opened(Batch(is_statement=True)) if _open_batch() is None else None


class PageTrial:
    """A page's edit, applied and held back while the model's rules are asked."""

    def __init__(self) -> None:
        self.hold = Batch(is_statement=True)
        self.hold.is_unheard = True
        self.is_applied = False
        self.is_wanted = False
        self._refusal: Exception | None = None

    @contextmanager
    def applying(self) -> Iterator[None]:
        """Note what is done inside; the lock is held."""
        outer, journal = current_batch.get(), current_journal.get()
        current_batch.set(self.hold)
        current_journal.set(self.hold.journal)
        try:
            yield
        finally:
            current_batch.set(outer)
            current_journal.set(journal)

    def ask(self) -> None:
        """Look at the model as it is now, and take the edit back if a rule raises; the lock is not held."""
        try:
            self.hold.ask()
        except Exception as refusal:
            self._refusal = refusal
        self.is_wanted = False

    def conclude(self) -> None:
        """Hold back no longer what was accepted; the lock is held.

        Raises:
            Exception: What a rule said.
        """
        if self._refusal is not None:
            raise self._refusal
        self.hold.is_open = False

    def end(self) -> None:
        """Tell what there is to tell; the lock is not held."""
        self.is_wanted = False
        self.hold.end()


@contextmanager
def _opened(mine: Batch) -> Iterator[None]:
    outer, journal = current_batch.get(), current_journal.get()
    try:
        current_batch.set(mine)
        current_journal.set(mine.journal)
        try:
            yield
        except BaseException:
            if mine.outer is None:
                with suppress(Exception):  # what came first is what counts
                    mine.ask()
            raise
        if mine.outer is None:
            mine.ask()
    finally:
        try:
            current_batch.set(outer)
            current_journal.set(journal)
        finally:
            if mine.outer is None:
                mine.is_open = False  # here, where no interrupt comes before it
            mine.end()
