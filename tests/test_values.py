"""Values that JSON lacks."""

from __future__ import annotations

import copy
import pickle

import pytest

from syncstate.document import Failure


def test_a_failure_never_changes():
    failure = Failure("ValueError", "no")

    with pytest.raises(AttributeError, match=r"^Cannot set 'text': "):
        failure.text = "yes"
    with pytest.raises(AttributeError, match=r"^Cannot delete 'text': "):
        del failure.text

    assert (failure.type, failure.text) == ("ValueError", "no")


def test_failures_are_equal_by_what_they_say_and_survive_a_copy():
    failure = Failure("ValueError", "no")

    assert failure == Failure("ValueError", "no") != Failure("TypeError", "no")
    assert copy.deepcopy(failure) == pickle.loads(pickle.dumps(failure)) == failure
    assert len({failure, Failure("ValueError", "no")}) == 1
