"""The models that the tests show."""

BOARD = """
from syncstate import SyncedModel, batch, synced

class Board(SyncedModel):
    title: str = "Sales"
    threshold: float = synced(0.5, min=0, max=1)
    rows: list[dict] = []
    options: dict = {"colors": {"bar": "red"}}
    status: str = synced("idle", read_only=True)

board = Board(rows=[{"name": "tea", "price": 3}, {"name": "cake", "price": 5}])
board
"""
"""Shown by our own view."""

DIALS = '''
from syncstate import SyncedModel, synced

class Dials(SyncedModel):
    level: float = synced(20, min=0, max=50)
    name: str = "first"
    serial: str = synced("A1", read_only=True)
    _esm = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = `
      <label>level <input type="range" min="0" max="100" data-sync-value="/level"></label>
      <label>name <input data-sync-value="/name"></label>
      <output data-sync-text="/level"></output>
      <button>stamp</button>`;
    model.bind(el, { signal });
    el.querySelector("button").addEventListener("click", () => model.set("/serial", "B2"));
  },
};
"""

dials = Dials()
dials
'''
"""Shown by a view of an author's, with bound controls."""
