"""What an action of a page costs, there and back, beside anywidget's `experimental.invoke`.

A jupyter_server on this machine and JupyterLab in headless Chromium; in one page a view of ours and one of
anywidget's, which take turns. Each calls a method that returns what it was given; the time is from the call
to the promise's value, by the page's clock. anywidget checks no argument, and runs its command on the thread
that heard it: while a cell runs, it waits, and ours does not.

As shipped, jupyter_server leaves Nagle's algorithm on; with TCP_NODELAY it does not.

    python benchmarks/calls.py
"""

from __future__ import annotations

from statistics import median, quantiles
from textwrap import dedent

from browser import opened
from latency import WAYS

TARGET = 1.2
"""How many times as long as anywidget's it may take."""

TURNS = 300

OURS = '''
    from syncstate import SyncedModel, action

    class Echo(SyncedModel):
        _esm = """
        export default {
          render({ model }) { (window.callers ??= {}).ours = (n) => model.call("echo", n, "tea"); },
        };
        """

        @action
        def echo(self, n: int, name: str) -> list[int | str]:
            return [n, name]

    Echo()
    '''

THEIRS = '''
    import anywidget, anywidget.experimental

    class Echo(anywidget.AnyWidget):
        _esm = """
        export default {
          render({ experimental }) {
            (window.callers ??= {}).anywidget = (n) => experimental.invoke("echo", [n, "tea"]);
          },
        };
        """

        @anywidget.experimental.command
        def echo(self, message, buffers):
            return message, buffers

    Echo()
    '''

CALL = """async (turns) => {
    const { ours, anywidget } = window.callers;
    const times = { ours: [], anywidget: [] };
    const pause = (most) => new Promise((resolve) => setTimeout(resolve, 60 + most * Math.random()));
    for (let turn = 0; turn < turns; turn += 1) {
        const sides = turn % 2 ? { ours, anywidget } : { anywidget, ours };
        for (const [name, call] of Object.entries(sides)) {
            await pause(40);
            const start = performance.now();
            await call(turn);
            times[name].push(performance.now() - start);
        }
    }
    return times;
}"""


def measured(configuration: str) -> dict[str, list[float]]:
    """Return the milliseconds of each call, by who made it."""
    with opened(dedent(OURS), dedent(THEIRS), configuration=configuration) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.page.wait_for_function("() => window.callers?.ours && window.callers?.anywidget")
        notebook.page.evaluate(CALL, 20)
        found: dict[str, list[float]] = notebook.page.evaluate(CALL, TURNS)
        return found


def main() -> None:
    """Print a row for each way."""
    print(
        f"{'an action, there and back':<30} {'syncstate':>17} {'anywidget':>19} {'ratio':>15} {'target':>7}"
    )
    print(f"{'':<30} {'p50':>8} {'p95':>8}  {'p50':>8} {'p95':>8}   {'p50':>6} {'p95':>6}")
    for way, configuration in WAYS.items():
        times = measured(configuration)
        (ours, slow), (theirs, slower) = (
            (median(times[name]), quantiles(times[name], n=20)[-1]) for name in ("ours", "anywidget")
        )
        print(
            f"{way:<30} {ours:>5.2f} ms {slow:>5.2f} ms  {theirs:>5.2f} ms {slower:>5.2f} ms   "
            f"{ours / theirs:>5.2f}x {slow / slower:>5.2f}x {TARGET:>6}x"
        )


if __name__ == "__main__":
    main()
