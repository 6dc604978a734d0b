"""Text table of all sections."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """Figure, with its goal if there is one."""

    measure: str
    figure: str
    goal: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Cells from left to right."""
        verdict = {True: "yes", False: "MISSED", None: ""}[self.met]
        return self.measure, self.figure, self.goal, verdict


@dataclass(frozen=True)
class Section:
    """Rows of one benchmark, with a note on how they were measured."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""


def spread(values: Iterable[float]) -> str:
    """Return the median of some values, with the lowest and the highest one."""
    values = sorted(values)
    return f"{median(values):.1f} ({values[0]:.1f} – {values[-1]:.1f})"


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
