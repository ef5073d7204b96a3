"""What is computed is seen in the page, and so is why it could not be."""

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
    row = notebook.output().locator(".syncstate-row")
    share = row.filter(has_text="share")
    expect(share).to_contain_text("2")
    expect(share.locator("input")).to_have_count(0)

    notebook.execute("cart.prices.append(6)")
    expect(row.filter(has_text="total")).to_contain_text("10")
    expect(share).to_contain_text("5")

    count = notebook.output().get_by_label("count")
    count.fill("0")
    count.press("Enter")
    expect(share.locator(".syncstate-failure")).to_have_text("ZeroDivisionError: float division by zero")

    notebook.execute("cart.count = 4")
    expect(share).to_contain_text("2.5")
    expect(share.locator(".syncstate-failure")).to_have_count(0)
