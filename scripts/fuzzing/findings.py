"""Findings of a run: each kind is printed once, with its first case."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
import traceback

MAX_TEXT = 400


@dataclass
class Findings:
    """Findings of a run by kind."""

    seed: str
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, case: str, details: Iterable[str]) -> None:
        """Add a finding; print it unless one of its kind was printed."""
        self.kinds[kind] += 1
        if self.kinds[kind] > 1:
            return
        print(f"\nFinding: {shorten(kind)}\n  --seed {self.seed} --only {case}")
        for detail in filter(None, details):
            print(f"  {shorten(detail)}")

    def summary(self) -> list[str]:
        """Return a line for each kind that was found more than once."""
        return [
            f"{count} × {shorten(kind)}"
            for kind, count in self.kinds.most_common()
            if count > 1
        ]


def shorten(text: str) -> str:
    """Return a text on one line, in ASCII where it can't be printed."""
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def describe(err: BaseException) -> tuple[str, str]:
    """Return the exception and where it was raised."""
    frames = traceback.extract_tb(err.__traceback__)
    own = [each for each in frames if "nomos_energy" in each.filename] or frames
    if not own:
        return type(err).__name__, f"{err!s}"
    place = own[-1].filename
    for folder in ("site-packages/", "nomos_energy/"):
        place = place.rpartition(folder)[2]
    return f"{type(err).__name__} at {place}:{own[-1].lineno}", f"{err!s}"
