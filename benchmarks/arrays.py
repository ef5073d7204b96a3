"""What an array of numpy costs a kernel: a million numbers whole, and a thousand that are appended to them.

In a real kernel, CPU time of the thread that assigns, until the message is with the thread that writes to
sockets. The floor is `comm.send` with a copy of the bytes: without one, what is changed straight after leaves
changed, since buffers are sent later. That is counted too: of a hundred arrays that are overwritten at once,
how many come as they were. ipywidgets sends what its serializer makes of the trait, a copy or the array's own
memory. "numpy.append" makes the whole array anew, and what is sent is found by looking.

Missed: what is appended. Around the 8 KB that are copied stand the assignment of a trait with all its seams,
a comparison of two windows, and the wake-up of kernel.py: 100 us that do not grow with the array.

    python benchmarks/arrays.py
"""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

from client import Client, Published
from interleaved import spelled, spelled_ratio
from kernel import measured

COUNT, MORE = 1_000_000, 1_000

SETUP = """
    import json
    import comm, ipywidgets, numpy, traitlets
    from interleaved import Times
    from syncstate import SyncedModel, append
    from syncstate.link import kernel_link, _pacer

    class Scope(SyncedModel):
        signal: numpy.ndarray = numpy.zeros(0)

    def packed(data):
        return lambda array, widget: {"dtype": array.dtype.name, "shape": array.shape, "data": data(array)}

    class Safe(ipywidgets.Widget):
        signal = traitlets.Any().tag(sync=True, to_json=packed(lambda array: array.tobytes()))

    class Racy(ipywidgets.Widget):
        signal = traitlets.Any().tag(sync=True, to_json=packed(memoryview))

    whole = numpy.arange(float(COUNT))
    points = numpy.arange(float(MORE))
    scope, other = Scope(signal=whole), Scope(signal=whole)
    safe, racy = Safe(signal=whole), Racy(signal=whole)
    scope.sync._publish(), other.sync._publish()
    link = kernel_link()
    link.flush()
    _pacer.remove(link.flush)  # the clock flushes nothing: each case does so itself
    floor = comm.create_comm(target_name="floor")
    grown = [whole]

    def send(operation, array):
        patch = {"type": "patch", "model": "0123456789abcdef", "epoch": "01234567", "base": 1, "version": 2}
        place = {"path": "/messages/0/operations/0/value", "dtype": "float64", "shape": list(array.shape)}
        messages = [{**patch, "operations": [operation]}]
        frame = {"protocol": 1, "kernel": "0123456789abcdef", "seq": 1, "messages": messages}
        floor.send({**frame, "buffers": [place]}, buffers=[array.tobytes()])

    def fresh():
        whole[:: len(whole) - 1] += 1  # both ends are others
        return whole
    """

CASES = {
    "whole": {
        "floor": "send({'op': 'replace', 'path': '/signal', 'value': None}, fresh())",
        "syncstate": "scope.signal = fresh(); link.flush()",
        "ipywidgets, a copy": "safe.signal = fresh().view()",
        "ipywidgets, none": "racy.signal = fresh().view()",
    },
    "appended": {
        "floor": "send({'op': 'add', 'path': '/signal/-', 'value': None}, points)",
        "syncstate": "scope.signal = append(scope.signal, points)[-COUNT:]; link.flush()",
        "syncstate, numpy.append": "other.signal = numpy.append(other.signal, points); link.flush()",
        "ipywidgets, a copy": "safe.signal = numpy.append(safe.signal[MORE:], points)",
    },
}
NUMBERS = {"whole": 5, "appended": 20}
TARGETS = {"whole": ("ipywidgets, a copy", 1.1), "appended": ("floor", 1.5)}

OVERWRITTEN = """
    for k in range(100):
        array = numpy.full(COUNT, k + 0.5)
        {assignment}
        array[:] = -1
    """


def costs(client: Client, what: str) -> None:
    """Print what some cases cost, and the bytes of each."""
    times = json.loads(client.run(measured(CASES[what], dict.fromkeys(CASES[what], NUMBERS[what]))))
    base, target = TARGETS[what]
    for name, code in CASES[what].items():
        published: list[Published] = []
        client.run("scope.signal = other.signal = safe.signal = whole; link.flush()", [])
        client.run(code, published)
        size = sum(message.size for message in published)
        seconds, ratio = spelled(times[name]["seconds"]), spelled_ratio(times[name]["floor"])
        line = f"{what:<9} {name:<24} {seconds:>8} {ratio:>7}"
        if name == "syncstate":
            share = spelled_ratio(times[name]["seconds"] / times[base]["seconds"])
            line += f"  {share:>6} of {base} (target {target}x)"
        print(f"{line:<84} {size:>10,} bytes")


def kept(client: Client, assignment: str) -> int:
    """Return how many of a hundred arrays came as they were when they were assigned."""
    published: list[Published] = []
    client.run(dedent(OVERWRITTEN).format(assignment=assignment), published)
    count = 0
    for message in published:
        found = [memoryview(buffer).cast("d") for buffer in message.buffers if len(buffer) == 8 * COUNT]
        count += sum(array[0] >= 0 and array[0] == array[COUNT // 2] == array[-1] for array in found)
    return count


def main() -> None:
    """Print a row for each case."""
    with Client() as client:
        client.run(f"COUNT, MORE = {COUNT, MORE}\n{dedent(SETUP)}", [])
        for what in CASES:
            costs(client, what)
    assignments: dict[str, Any] = {
        "syncstate": "scope.signal = array; link.flush()",
        "ipywidgets, a copy": "safe.signal = array",
        "ipywidgets, none": "racy.signal = array",
    }
    print("\nof 100 arrays that were overwritten straight after, those that came as they were")
    with Client() as client:
        client.run(f"COUNT, MORE = {COUNT // 10, MORE}\n{dedent(SETUP)}", [])
        globals()["COUNT"] = COUNT // 10
        for name, assignment in assignments.items():
            print(f"{name:<24} {kept(client, assignment):>4}")


if __name__ == "__main__":
    main()
