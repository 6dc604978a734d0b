"""Households: who lives where, which meter hangs there, and how its order moves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
import hashlib
from typing import Any, Literal, Protocol, Self, override

from .clock import DAY, at, berlin_day, midnight, quarters

PROVIDERS = ("energy-metering", "metrify", "inexogy")
MODULE_1 = "enwg-14a-module-1"
MODULE_2 = "enwg-14a-module-2"
MODULE_3 = "enwg-14a-module-3"
MODULES = (MODULE_1, MODULE_2, MODULE_3)

# The statuses of a grid fee reduction which leave no room for another one of its kind.
WANTED = ("intended", "ordered", "activated")

# From the order of a grid fee reduction until the grid operator has confirmed it.
MODULE_TAKES = timedelta(days=14)

_PEOPLE = (
    ("Jana", "Brandt"),
    ("Emre", "Yıldız"),
    ("Sophie", "Lindner"),
    ("Matthias", "Köhler"),
    ("Aylin", "Vogt"),
    ("Björn", "Petersen"),
    ("Katharina", "Weiß"),
    ("Paweł", "Nowak"),
    ("Lena", "Hofmann"),
    ("Thorsten", "Kröger"),
    ("Miriam", "Sauer"),
)
_STREETS = (
    ("Lindenallee", "10969", "Berlin"),
    ("Am Mühlbach", "79098", "Freiburg im Breisgau"),
    ("Hafenstraße", "24103", "Kiel"),
    ("Kastanienweg", "04229", "Leipzig"),
    ("Rosengasse", "50676", "Köln"),
    ("Bergstraße", "01069", "Dresden"),
    ("Ziegeleiweg", "30451", "Hannover"),
    ("Schillerplatz", "70173", "Stuttgart"),
    ("Obere Gasse", "97070", "Würzburg"),
    ("Deichweg", "28203", "Bremen"),
    ("Sonnenhang", "34117", "Kassel"),
    ("Gartenstraße", "99084", "Erfurt"),
    ("Isarufer", "80469", "München"),
)
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_CONTRACT_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _number(*parts: object) -> int:
    """Return a large number that depends on nothing but the parts."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


def _spell(number: int, alphabet: str, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


def make_id(prefix: str, *parts: object) -> str:
    """Return an opaque id that is the same in every run."""
    return f"{prefix}_{_spell(_number(prefix, *parts), _ALPHABET, 24)}"


@dataclass
class Order:
    """The order of a smart meter, as it stands."""

    id: str
    provider: str
    created_at: datetime
    status: str = "created"
    appointment_at: datetime | None = None
    installed_at: datetime | None = None
    activated_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_reason: str | None = None
    blocked_at: datetime | None = None
    blocked_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change on the way of an order."""

    after: timedelta
    """Since the household appeared, before the simulator's pace."""
    status: str | None = None
    blocked: str | Literal[False] | None = None
    """A reason to block for; False lifts the block."""
    appointment_in: timedelta | None = None
    cancelled_reason: str | None = None
    subscription: str | None = None
    """The status that the contract itself takes on: active or ended."""
    module: str | None = None
    """A grid fee reduction that the household orders, unless it has done so before."""
    module_status: Literal["ordered", "activated"] = "ordered"
    """Whether the grid operator confirms it at once."""


@dataclass
class GridFeeReduction:
    """One module of §14a EnWG."""

    type: str
    status: str = "activated"
    id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    activates_at: datetime | None = None
    """When the grid operator will confirm it; not part of the API."""

    @property
    def due(self) -> datetime | None:
        """When it will be confirmed, unless a test has decided otherwise."""
        return self.activates_at if self.status == "ordered" else None

    def covers(self, moment: datetime) -> bool:
        """Return whether it is, or was, in force at a moment."""
        if self.valid_until and moment >= self.valid_until:
            return False
        if self.valid_from and moment < self.valid_from:
            return False
        # What has ended counts for as long as it lasted, if that is known.
        return self.status == "activated" or (
            self.status == "ended" and self.valid_until is not None
        )


@dataclass(frozen=True)
class Report:
    """A meter reading that somebody sent in."""

    id: str
    meter_id: str
    value: float
    timestamp: datetime
    created_at: datetime


class World(Protocol):
    """What a household needs from the simulator it lives in."""

    pace: float

    def now(self) -> datetime:
        """Return the time."""

    def emit(self, topic: str, context: dict[str, str]) -> object:
        """Tell the partner what happened."""

    def changed(self, household: Household) -> None:
        """Take note that lists and due times may be different now."""


@dataclass(eq=False, kw_only=True)
class Household:
    """A subscription with everything that belongs to it."""

    key: str
    subscription_id: str
    customer_id: str
    meter_id: str
    order_id: str
    address_id: str
    payment_method_id: str
    supplier_id: str | None
    plan_id: str
    plan_slug: str
    plan_name: str
    number: str | None
    first_name: str
    last_name: str
    email: str
    street: str
    house_number: str
    zip: str
    city: str
    meter_number: str
    malo: str | None
    melo: str | None
    provider: str
    estimated_usage: float
    first_reading: float
    """What the meter showed when the contract started, in kWh."""
    company_name: str | None = None
    type: str = "consumption"
    status: str = "active"
    meter_type: str = "analog"
    product_available: bool = True
    hourly: bool = False
    order: Order | None = None
    timeline: list[Step] = field(default_factory=list)
    after_ordering: list[Step] = field(default_factory=list)
    """How an order moves that somebody places through the API."""
    modules: list[GridFeeReduction] = field(default_factory=list)
    low_hours: Collection[int] = range(6)
    """The hours of the day, in Berlin, in which module 3 makes the grid cheaper."""
    high_hours: Collection[int] = range(17, 21)
    """Those in which it makes the grid more expensive."""
    measured: dict[date, tuple[float | None, ...]] = field(default_factory=dict)
    """What its meter is said to have measured on some days instead of the usual."""
    reports: list[Report] = field(default_factory=list)
    age: timedelta = timedelta(days=70)
    """How long ago the contract was made when the household appears."""
    lived: timedelta = timedelta(0)
    """How much of the timeline is past by then, without anybody being told."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    smart_since: datetime | None = None
    """Since when quarter-hours are measured."""
    previous_meter_id: str | None = None
    swapped_at: datetime | None = None
    position: int = 0
    """How many steps of the timeline have been taken."""
    started_at: datetime | None = None
    world: World | None = field(default=None, repr=False)
    _past: datetime | None = field(default=None, init=False, repr=False)

    @classmethod
    def numbered(
        cls, index: int = 1, scenario: str = "household", **overrides: Any
    ) -> Self:
        """Return a household whose every detail follows from its number."""
        key = f"{scenario}/{index}"
        kind = overrides.get("type", "consumption")
        defaults = _ids(key) | _person(key, index) | _place(key, index) | _meter(key)
        defaults |= _plan(kind, available=overrides.get("product_available", True))
        defaults |= {
            "key": key,
            "number": _spell(_number("contract", key), _CONTRACT_ALPHABET, 8),
            "provider": PROVIDERS[(index - 1) % len(PROVIDERS)],
            "estimated_usage": 2400 + _number("usage", key) % 32 * 100,
            "age": timedelta(days=70, minutes=index),
        }
        return cls(**defaults | overrides)

    @override
    def __setattr__(self, name: str, value: object) -> None:
        """Keep the simulator's lists right when a test writes to a household."""
        super().__setattr__(name, value)
        if name in {"order", "created_at", "timeline"} and (
            world := self.__dict__.get("world")
        ):
            world.changed(self)

    def now(self) -> datetime:
        """Return the simulator's time, or the machine's before there is one."""
        if self._past:
            return self._past
        return self.world.now() if self.world else datetime.now(UTC)

    def attach(self, world: World) -> None:
        """Move into a simulator; whatever has no date yet gets one."""
        now = world.now()
        self.started_at = self.started_at or now - self.lived * world.pace
        self.created_at = self.created_at or now - self.age
        self.updated_at = self.updated_at or self.created_at
        self.start_at = self.start_at or self._first_day(now)
        if self.status == "ended":
            self.end_at = self.end_at or now
        self._live_until(now)
        # Only now, so that nobody hears of what happened long ago.
        self.world = world
        for module in self.modules:
            self._complete(module)

    def _live_until(self, now: datetime) -> None:
        """Take the steps of the past, each at its time."""
        steps = self.timeline[self.position :]
        for step in (step for step in steps if step.after < self.lived):
            self._past = now - self.lived + step.after
            self._take(step)
        self._past = None

    def _first_day(self, now: datetime) -> datetime:
        """Return when delivery begins: four weeks after the contract was made."""
        made = self.created_at or now
        begin = berlin_day(made) + 28 * DAY
        today = berlin_day(now)
        if self.status == "pending":
            return midnight(max(begin, today + 14 * DAY))
        return midnight(min(begin, today))

    # How the order moves

    def advance(self, n: int = 1) -> None:
        """Take the next steps now, whatever the clock says."""
        for step in self.timeline[self.position : self.position + n]:
            self._take(step)

    def advance_to(self, status: str) -> None:
        """Take steps until the order has a status."""
        while self.order is None or self.order.status != status:
            if self.position >= len(self.timeline):
                raise ValueError(f"{self.key} never becomes {status}")
            self.advance()

    def advance_due(self) -> None:
        """Take the steps whose time has come."""
        now = self.now()
        while (due := self._step_due()) and due <= now:
            self.advance()
        for module in self.modules:
            if module.due and module.due <= now:
                self._activate(module)

    def next_due(self) -> datetime | None:
        """Return when something will happen by itself."""
        moments = [module.due for module in self.modules]
        return min(
            (moment for moment in (self._step_due(), *moments) if moment), default=None
        )

    def _step_due(self) -> datetime | None:
        if self.position >= len(self.timeline) or not self.started_at:
            return None
        return self.started_at + self.timeline[self.position].after * self._pace

    @property
    def _pace(self) -> float:
        return self.world.pace if self.world else 1.0

    def place_order(self) -> Order:
        """Order a smart meter through the API."""
        order = self._create_order()
        if self.after_ordering:
            self.position = 0
            self.started_at = self.now()
            self.timeline = list(self.after_ordering)
        return order

    def _create_order(self) -> Order:
        self.order = order = Order(self.order_id, self.provider, self.now())
        self._tell("created")
        return order

    def _take(self, step: Step) -> None:
        self.position += 1
        if step.status == "created":
            self._create_order()
        elif step.status:
            self._reach(step.status, step.cancelled_reason)
        if step.blocked is not None:
            self._block(step.blocked)
        if step.appointment_in is not None:
            self._appoint(step.appointment_in)
        if step.subscription:
            self._become(step.subscription)
        if step.module:
            self._come_by(step.module, step.module_status)
        if self.world:
            self.world.changed(self)

    def _existing_order(self) -> Order:
        if self.order is None:
            raise ValueError(f"{self.key} has no order that could move")
        return self.order

    def _reach(self, status: str, cancelled_reason: str | None) -> None:
        order, now = self._existing_order(), self.now()
        known_meter = order.cancelled_reason == "pre_existing"
        order.status = status
        order.cancelled_at = now if status == "cancelled" else None
        order.cancelled_reason = cancelled_reason if status == "cancelled" else None
        if status == "cancelled":
            order.appointment_at = None
        elif status == "installed":
            order.installed_at = now
            self._swap_meter(now)
        elif status == "activated":
            order.activated_at = now
            if self.swapped_at is None and not known_meter:
                self._swap_meter(now)
            self._measure(now)
        if status in {"cancelled", "activated"}:
            order.blocked_at = order.blocked_reason = None
        self._tell(status)

    def _swap_meter(self, now: datetime) -> None:
        """Hang another meter on the wall: it counts from zero."""
        self.previous_meter_id, self.swapped_at = self.meter_id, now
        self.meter_id = make_id("mtr", self.key, "new")
        self.meter_number = f"1EMH00{_number('new meter', self.key) % 10**8:08}"

    def _measure(self, now: datetime) -> None:
        self.meter_type = "smart"
        self.smart_since = self.smart_since or now
        self.updated_at = now
        if self.status == "pending":
            self._become("active")

    def _block(self, reason: str | Literal[False]) -> None:
        order = self._existing_order()
        order.blocked_at = self.now() if reason else None
        order.blocked_reason = reason or None
        if reason:
            self._tell("blocked")

    def _appoint(self, ahead: timedelta) -> None:
        day = berlin_day(self.now() + ahead)
        self._existing_order().appointment_at = at(day, time(9))

    def _become(self, status: str) -> None:
        """Begin or end the delivery of electricity."""
        now = self.now()
        self.status, self.updated_at = status, now
        if status == "active":
            self.start_at = midnight(berlin_day(now))
            for module in self.modules:
                if module.status == "intended":
                    self._submit(module)
        elif status == "ended":
            self.end_at = now
        topic = {"active": "activated"}.get(status, status)
        if self.world:
            self.world.emit(
                f"subscription.{topic}", {"subscription": self.subscription_id}
            )

    def _tell(self, milestone: str) -> None:
        if self.world:
            context = {
                "meter_order": self.order_id,
                "subscription": self.subscription_id,
            }
            self.world.emit(f"meter_order.{milestone}", context)

    def set_usage(self, day: date, amounts: Sequence[float | None]) -> None:
        """Set the kWh of each quarter of a day; None is one that is missing."""
        if len(amounts) != (count := len(quarters(day))):
            raise ValueError(f"{day} has {count} quarters, not {len(amounts)}")
        self.measured[day] = tuple(amounts)

    # §14a EnWG

    def add_module(
        self,
        kind: str,
        status: str = "activated",
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> GridFeeReduction:
        """Add a grid fee reduction in any status."""
        module = GridFeeReduction(
            kind, status, valid_from=valid_from, valid_until=valid_until
        )
        self.modules.append(module)
        self._complete(module)
        return module

    def order_module(self, kind: str) -> GridFeeReduction:
        """Order a grid fee reduction through the API."""
        module = self.add_module(kind, "intended")
        if self.status == "active":
            self._submit(module)
        return module

    def _come_by(self, kind: str, status: str) -> None:
        """Have a grid fee reduction, whoever ordered it."""
        wanted = [
            module
            for module in self.modules
            if module.type == kind and module.status in WANTED
        ]
        module = wanted[0] if wanted else self.order_module(kind)
        if status == "activated" and module.status != "activated":
            self._activate(module)

    def has_module(self, kind: str, *statuses: str) -> bool:
        """Return whether a module is there in one of these statuses."""
        return any(
            module.type == kind and module.status in statuses for module in self.modules
        )

    def _complete(self, module: GridFeeReduction) -> None:
        """Fill in what the maker of a module left open."""
        now = self.now()
        place = self.modules.index(module)
        module.id = module.id or make_id("gfr", self.key, module.type, place)
        module.created_at = module.created_at or now
        module.updated_at = module.updated_at or module.created_at
        if module.status in {"activated", "ended"}:
            module.valid_from = module.valid_from or self.start_at or now
        if module.status == "ended":
            # At the beginning of today, because it ends with a day, not within one.
            module.valid_until = module.valid_until or midnight(berlin_day(now))

    def _submit(self, module: GridFeeReduction) -> None:
        now = self.now()
        module.status, module.updated_at = "ordered", now
        module.activates_at = now + MODULE_TAKES * self._pace
        if self.world:
            self.world.changed(self)

    def _activate(self, module: GridFeeReduction) -> None:
        now = self.now()
        module.status, module.updated_at, module.activates_at = "activated", now, None
        module.valid_from = module.valid_from or midnight(berlin_day(now))
        if self.world:
            self.world.changed(self)


def _ids(key: str) -> dict[str, Any]:
    return {
        "subscription_id": make_id("sub", key),
        "customer_id": make_id("cus", key),
        "meter_id": make_id("mtr", key),
        "order_id": make_id("prdo", key),
        "address_id": make_id("adr", key),
        "payment_method_id": make_id("pm", key),
        # Who moves in has no previous supplier.
        "supplier_id": make_id("mp", "supplier") if _number("mp", key) % 4 else None,
    }


def _person(key: str, index: int) -> dict[str, Any]:
    offset = _number("person", key.partition("/")[0])
    first, last = _PEOPLE[(index - 1 + offset) % len(_PEOPLE)]
    return {
        "first_name": first,
        "last_name": last,
        "email": f"kunde-{_number('email', key) % 10**6:06}@example.com",
    }


def _place(key: str, index: int) -> dict[str, Any]:
    # Another street for every scenario, another house for every round through the streets.
    offset = _number("street", key.partition("/")[0])
    street, postcode, city = _STREETS[(index - 1 + offset) % len(_STREETS)]
    house = offset % 40 + 1 + (index - 1) // len(_STREETS)
    return {"street": street, "house_number": str(house), "zip": postcode, "city": city}


def _meter(key: str) -> dict[str, Any]:
    return {
        "meter_number": f"1APA01{_number('meter', key) % 10**8:08}",
        "malo": f"5{_number('malo', key) % 10**10:010}",
        "melo": f"DE000{_number('melo', key) % 10**28:028}",
        "first_reading": float(8000 + _number("reading", key) % 40000),
    }


def _plan(kind: str, *, available: bool) -> dict[str, Any]:
    slug, name = "lichtblume", "Lichtblume Dynamik"
    if kind == "feed_in":
        name = "Lichtblume Einspeisung"
    elif not available:
        name = "Lichtblume Basis"
    return {"plan_id": make_id("pln", name), "plan_slug": slug, "plan_name": name}
