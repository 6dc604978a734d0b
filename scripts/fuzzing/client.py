"""Fuzz run of the API client, over HTTP on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import inspect
from itertools import count
from random import Random
from time import monotonic
from typing import Any
from unittest.mock import patch

from aiohttp import ClientSession

from custom_components.nomos_energy.nomos import (
    ClientCredentials,
    FixedToken,
    GridFeeModule,
    MeterType,
    NomosClient,
    NomosError,
    berlin_day,
    transport,
)
from simulator import ORGANISATION, Household, Simulator

from .findings import Findings, describe
from .households import PERSONAL, open_household, orderable_household
from .results import problems
from .server import FuzzServer, record
from .watch import LogWatch, Stuck, limiting_blocks, watching_log

TIME_LIMIT = 15
"""Seconds for a call; its waits between attempts are left out."""

MAX_PAGES = 1000

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
"""Time of the simulator, fixed so that a seed gives the same answers on any day."""

ACCESS_TOKEN = "fuzz-access-token"


@dataclass(frozen=True)
class Operation:
    """Method of the client, with its arguments for a household."""

    name: str
    call: Callable[[NomosClient, Household], Awaitable[Any]]


async def _details(client: NomosClient, household: Household) -> list[Any]:
    ids = [household.subscription_id]
    return [each async for each in client.subscription_details(ids)]


def _days(client: NomosClient, household: Household, method: str) -> Awaitable[Any]:
    today = berlin_day(NOW)
    first = today - timedelta(days=2)
    result: Awaitable[Any] = getattr(client, method)(
        household.subscription_id, first, today
    )
    return result


OPERATIONS = (
    Operation("meter_orders", lambda c, _: c.meter_orders()),
    Operation("subscriptions", lambda c, _: c.subscriptions()),
    Operation("subscription", lambda c, h: c.subscription(h.subscription_id)),
    Operation("subscription_details", _details),
    Operation("meter_order_of", lambda c, h: c.meter_order_of(h.subscription_id)),
    Operation(
        "create_meter_order", lambda c, h: c.create_meter_order(h.subscription_id)
    ),
    Operation("prices", lambda c, h: _days(c, h, "prices")),
    Operation("usage", lambda c, h: _days(c, h, "usage")),
    Operation(
        "meter_readings", lambda c, h: c.meter_readings({h.subscription_id}, None)
    ),
    Operation("grid_fee_reductions", lambda c, _: c.grid_fee_reductions()),
    Operation(
        "grid_fee_reductions_of",
        lambda c, h: c.grid_fee_reductions_of(h.subscription_id),
    ),
    Operation(
        "create_grid_fee_reduction",
        lambda c, h: c.create_grid_fee_reduction(
            h.subscription_id, GridFeeModule.MODULE_1
        ),
    ),
    Operation("may_write", lambda c, _: c.may_write()),
    Operation("meter_readings_of", lambda c, h: c.meter_readings_of(h.subscription_id)),
    Operation(
        "create_meter_reading",
        lambda c, h: c.create_meter_reading(h.subscription_id, 99_999.0, NOW),
    ),
    Operation("invoices", lambda c, _: c.invoices(NOW - timedelta(days=400))),
    Operation("quote", lambda c, h: c.quote(h.plan_id, "10115", 2500, MeterType.SMART)),
    Operation("plan", lambda c, h: c.plan(h.plan_id)),
)


@dataclass
class ClientRun:
    """Fuzz run of the client."""

    findings: Findings
    session: ClientSession
    server: FuzzServer
    household: Household
    log: LogWatch

    async def run_case(self, number: int) -> None:
        """Call a method of the client, with spoilt answers."""
        dice = Random(f"{self.findings.seed}/answer/{number}")
        operation = dice.choice(OPERATIONS)
        is_login = operation.name == "may_write" or dice.random() < 0.1
        self.server.prepare(operation.name, dice, is_login=is_login)
        client = self._client(with_login=is_login)
        found: list[tuple[str, str]] = []
        started = monotonic()
        try:
            async with asyncio.timeout(TIME_LIMIT):
                result = await operation.call(client, self.household)
        except NomosError as err:
            found += self._check_error(err)
        except TimeoutError:
            found.append((f"more than {TIME_LIMIT} seconds", ""))
        except Stuck as err:
            found.append((f"event loop blocked: {describe(err)[0]}", f"{err}"))
        except Exception as err:  # noqa: BLE001 (the client may raise NomosError only)
            found.append(describe(err))
        else:
            found += [(problem, "") for problem in problems(result)]
            found += [(problem, "") for problem in self._check_limits(result)]
        if (seconds := monotonic() - started) > TIME_LIMIT / 3:
            found.append((f"{operation.name} took more than 5 seconds", f"{seconds}"))
        # What a task raised is logged when it is collected.
        await asyncio.sleep(0)
        for kind, details in [*found, *self.log.take()]:
            self.findings.add(
                kind,
                f"answer/{number}",
                (f"{operation.name}, answer to {self.server.done}", details),
            )

    def _client(self, *, with_login: bool) -> NomosClient:
        tokens = (
            ClientCredentials(
                self.session,
                self.server.url,
                ORGANISATION.client_id,
                ORGANISATION.client_secret,
            )
            if with_login
            else FixedToken({"access_token": ACCESS_TOKEN, "scope": "read:*"})
        )
        return NomosClient(self.session, tokens, self.server.url)

    def _check_error(self, err: NomosError) -> list[tuple[str, str]]:
        texts = f"{err} {err!r} {err.code} {err.request_id} {err.details}"
        found = [
            (f"error with {secret}", texts) for secret in PERSONAL if secret in texts
        ]
        if err.retry_after is not None and not 0 <= err.retry_after <= 86400:
            found.append(("error with an invalid time to wait", f"{err.retry_after}"))
        return found

    def _check_limits(self, result: Any) -> list[str]:
        found = []
        # Of several subscriptions, the error comes in place of the one it concerns.
        is_error = isinstance(result, list) and any(
            isinstance(part, NomosError)
            for each in result
            if isinstance(each, tuple)
            for part in each
        )
        if self.server.must_fail and not is_error:
            found.append("accepted an answer that is too large")
        if self.server.pages > MAX_PAGES:
            found.append(f"read more than {MAX_PAGES} pages")
        return found


@asynccontextmanager
async def _runs(findings: Findings) -> AsyncIterator[ClientRun]:
    households = [open_household(), orderable_household()]
    simulator = Simulator(households, now=lambda: NOW)
    async with ClientSession() as session:
        server = FuzzServer(await _record(simulator, session))
        async with server.serve():
            household = simulator.households[0]
            secrets = (*PERSONAL, ACCESS_TOKEN)
            with watching_log(secrets) as log, limiting_blocks():
                yield ClientRun(findings, session, server, household, log)


async def _record(simulator: Simulator, session: ClientSession) -> Any:
    """Return the good answers to each operation."""
    answers: dict[str, Any] = {}
    async with record(simulator) as recorder:
        for operation in OPERATIONS:
            household = simulator.households[
                1 if operation.name.startswith("create_") else 0
            ]
            tokens = ClientCredentials(
                session,
                recorder.url,
                ORGANISATION.client_id,
                ORGANISATION.client_secret,
            )
            recorder.answers = []
            client = NomosClient(session, tokens, recorder.url)
            try:
                await operation.call(client, household)
            except NomosError as err:
                raise RuntimeError(f"{operation.name} has no good answer") from err
            answers[operation.name] = recorder.answers
    return answers


async def _no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


async def run_client(
    findings: Findings, seconds: float, answers: int | None, only: int | None
) -> int:
    """Run cases until the time is over; return the number of spoilt answers."""
    known = {operation.name for operation in OPERATIONS}
    for name, _ in inspect.getmembers(NomosClient, inspect.isfunction):
        if not name.startswith("_") and name not in {*known, "without_retry"}:
            findings.add(f"client.{name} is not tested", "answer/0", ())
    end = monotonic() + seconds
    with patch.object(transport, "sleep", _no_wait):
        async with _runs(findings) as run:
            if only is not None:
                await run.run_case(only)
                return run.server.spoilt
            for number in count():
                if answers is None and monotonic() > end:
                    break
                if answers is not None and run.server.spoilt >= answers:
                    break
                await run.run_case(number)
            return run.server.spoilt
