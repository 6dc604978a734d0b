"""One table for all figures."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure, and the goal it was measured against if there is one."""

    measure: str
    figure: str
    goal: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What the row shows, from left to right."""
        verdict = {True: "yes", False: "MISSED", None: ""}[self.met]
        return self.measure, self.figure, self.goal, verdict


@dataclass(frozen=True)
class Section:
    """Rows about one thing, and what has to be known to read them."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""


def render(sections: Iterable[Section]) -> str:
    """Return the table as text."""
    sections = tuple(sections)
    head = ("measure", "figure", "goal", "met?")
    lines = [head, *(row.cells for section in sections for row in section.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f" {' │ '.join(padded)}".rstrip()

    rule = "─" + "─┼─".join("─" * width for width in widths) + "─"
    text = [line(head)]
    for section in sections:
        text += [rule, line((section.title.upper(), "", "", ""))]
        text += [line(row.cells) for row in section.rows]
    notes = [f" {each.title}: {each.note}" for each in sections if each.note]
    return "\n".join([*text, rule, *notes])
