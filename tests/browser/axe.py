"""What axe-core finds: faults that keep people from using a page."""

from pathlib import Path

from playwright.sync_api import Locator

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"


def faults(shown: Locator) -> list[str]:
    """The faults in a part of a page, each with the elements that have it."""
    page = shown.page
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = shown.evaluate(
        """async (element) => (await axe.run(element, { resultTypes: ['violations'] })).violations
            .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`)"""
    )
    return list(found)
