"""Fixtures of measured usage."""

from collections.abc import Callable
from datetime import date

from freezegun.api import FrozenDateTimeFactory
import pytest

from simulator import Simulator
from simulator.clock import midnight
from tests.conftest import NOW

from .common import Truth, activate, live

type Lived = Callable[..., Truth]


@pytest.fixture
def lived(simulator: Simulator, freezer: FrozenDateTimeFactory) -> Lived:
    """Add a contract that has been active since a day, with usage up to another one."""

    def lived(first: date, last: date, now: str = NOW) -> Truth:
        home = activate(simulator, freezer, str(midnight(first)))
        freezer.move_to(now)
        return live(home, simulator, first, last)

    return lived
