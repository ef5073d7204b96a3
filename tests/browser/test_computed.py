"""What is computed is seen in the page, and so is why it could not be."""

import re

from playwright.sync_api import expect

from .conftest import Open

CART = """
from syncstate import SyncedModel, computed

class Cart(SyncedModel):
    count: int = 2
    prices: list[float] = [1.5, 2.5]

    @computed
    def total(self) -> float:
        return sum(self.prices)

    @computed
    def share(self) -> float:
        return self.total / self.count

cart = Cart()
cart
"""


def test_a_computed_and_its_error_are_seen_as_they_become(open_notebook: Open) -> None:
    notebook = open_notebook(CART)
    notebook.run()
    share, total = (notebook.output().get_by_label(name) for name in ("Share", "Total"))
    expect(share).to_have_text("2")
    assert share.evaluate("(element) => element.localName") == "output"

    notebook.execute("cart.prices.append(6)")
    expect(total).to_have_text("10")
    expect(share).to_have_text("5")

    count = notebook.output().get_by_label("Count", exact=True)
    count.fill("0")
    count.press("Enter")
    expect(share).to_have_text("ZeroDivisionError: float division by zero")
    expect(share).to_have_class(re.compile("syncstate-failure"))

    notebook.execute("cart.count = 4")
    expect(share).to_have_text("2.5")
    expect(share).not_to_have_class(re.compile("syncstate-failure"))
