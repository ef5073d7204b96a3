"""Floor 9. Dashboards in Python: layouts of controls, figures, tables and charts that are tied to models.

```python
from syncstate import SyncedModel, synced, ui


class Board(SyncedModel):
    threshold: float = synced(0.5, min=0, max=1)


board = Board()
page = ui.card(ui.slider(board, "/threshold"), ui.output(board, "/threshold"), title="Sales")
page  # shown
page.title = "Sales of today"  # a layout is a model: one small patch
```
"""

from __future__ import annotations

from syncstate.ui.controls import (
    Button,
    Control,
    Form,
    button,
    checkbox,
    date,
    form,
    multiselect,
    number,
    radio,
    select,
    slider,
    switch,
    text,
    textarea,
)
from syncstate.ui.displays import (
    Chart,
    Image,
    LiveText,
    Output,
    Progress,
    Table,
    Text,
    View,
    bar,
    chart,
    histogram,
    image,
    line,
    markdown,
    output,
    progress,
    scatter,
    table,
    view,
)
from syncstate.ui.elements import Element
from syncstate.ui.layouts import (
    Card,
    Column,
    Grid,
    Row,
    ShowIf,
    Tab,
    Tabs,
    card,
    column,
    grid,
    row,
    show_if,
    tab,
    tabs,
)

__all__ = [
    "Button",
    "Card",
    "Chart",
    "Column",
    "Control",
    "Element",
    "Form",
    "Grid",
    "Image",
    "LiveText",
    "Output",
    "Progress",
    "Row",
    "ShowIf",
    "Tab",
    "Table",
    "Tabs",
    "Text",
    "View",
    "bar",
    "button",
    "card",
    "chart",
    "checkbox",
    "column",
    "date",
    "form",
    "grid",
    "histogram",
    "image",
    "line",
    "markdown",
    "multiselect",
    "number",
    "output",
    "progress",
    "radio",
    "row",
    "scatter",
    "select",
    "show_if",
    "slider",
    "switch",
    "tab",
    "table",
    "tabs",
    "text",
    "textarea",
    "view",
]
