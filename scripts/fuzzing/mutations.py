"""Mutations of the JSON of good answers."""

from collections.abc import Callable
import copy
from datetime import datetime, timedelta
import json
from random import Random
from typing import Any

from .values import nested, odd_value, short

GATE_FIELDS = frozenset({"status", "activated_at", "cancelled_reason", "type"})
"""Fields that decide if a smart meter is active."""

type Place = tuple[Any, Any, str]
"""Container, key in it, and path as text."""


def mutate(payload: Any, dice: Random, *, plausible: bool) -> tuple[str, list[str]]:
    """Return the payload as JSON with one to three mutations, and what they are.

    Unless `plausible`, the answer neither shows other valid values nor lacks records:
    nothing could tell them from a real change.
    """
    payload = copy.deepcopy(payload)
    done: list[str] = []
    duplicate = ""
    if (name := _list_name(payload)) and dice.random() < 0.06:
        done.append(f".{name} {_shift(payload, name, dice, plausible)}")
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        place = _choose(payload, dice, plausible=plausible)
        if place is None:
            break
        container, key, path = place
        if isinstance(container, dict) and dice.random() < 0.05:
            odd = odd_value(dice, key, container[key], plausible=plausible)
            duplicate = f'"{key}": {json.dumps(odd)}, "{key}": '
            done.append(f"{path} twice, first as {short(odd)}")
            continue
        mutation = dice.choice(_MUTATIONS if plausible else _IMPLAUSIBLE)
        done.append(f"{path} {mutation(container, key, dice, plausible)}")
    text = json.dumps(payload)
    if duplicate:
        text = text.replace(f"{duplicate.rpartition(', ')[2]}", duplicate, 1)
    return text, done


def _list_name(payload: Any) -> str | None:
    """Return the field of an answer that has its records."""
    if not isinstance(payload, dict):
        return None
    return next((name for name in ("items", "data") if payload.get(name)), None)


def _choose(payload: Any, dice: Random, *, plausible: bool) -> Place | None:
    """Return a random place; shallow ones are as likely as deep ones."""
    container, path = payload, ""
    place: Place | None = None
    while isinstance(container, dict | list) and container:
        keys = [*container] if isinstance(container, dict) else [*range(len(container))]
        if not plausible:
            keys = [key for key in keys if key not in GATE_FIELDS]
            if not keys:
                break
        key = dice.choice(keys)
        path += f".{key}" if isinstance(key, str) else f"[{key}]"
        place = (container, key, path)
        container = container[key]
        # The fields around the records matter as well, but less.
        if isinstance(container, dict | list) and dice.random() < 0.12:
            break
    return place


def _replace(container: Any, key: Any, dice: Random, plausible: bool) -> str:
    value = odd_value(dice, key, container[key], plausible=plausible)
    if not plausible and value == [] and isinstance(container[key], list):
        value = None
    container[key] = value
    return f"= {short(value)}"


def _drop(container: Any, key: Any, dice: Random, plausible: bool) -> str:
    if not plausible and (isinstance(container, list) or key == "items"):
        return _replace(container, key, dice, plausible)
    del container[key]
    return "dropped"


def _wrap(container: Any, key: Any, dice: Random, _plausible: bool) -> str:
    container[key] = dice.choice((lambda x: [x], lambda x: {"value": x}))(
        container[key]
    )
    return "wrapped"


def _nest(container: Any, key: Any, dice: Random, _plausible: bool) -> str:
    container[key] = nested(depth := dice.choice((3, 100, 300)))
    return f"= list of depth {depth}"


def _add(container: Any, key: Any, dice: Random, plausible: bool) -> str:
    odd = odd_value(dice, "", "", plausible=plausible)
    if isinstance(container, dict):
        container[f"{key}_new"] = odd
    else:
        container.insert(key, odd)
    return f"added before: {short(odd)}"


def _repeat(container: Any, key: Any, dice: Random, plausible: bool) -> str:
    if not isinstance(container, list):
        return _add(container, key, dice, plausible)
    count = dice.choice((1, 2, 50))
    container[key:key] = [copy.deepcopy(container[key]) for _ in range(count)]
    return f"repeated {count} times"


def _shift(container: Any, key: Any, dice: Random, plausible: bool) -> str:
    """Add copies of a list's records with other timestamps."""
    items = container if isinstance(container, list) else container[key]
    if not isinstance(items, list) or not items or not isinstance(items[0], dict):
        return _repeat(container, key, dice, plausible)
    field = next((name for name in items[0] if name in ("timestamp", "start")), None)
    if field is None or "meter" in items[0]:
        return _repeat(container, key, dice, plausible)
    try:
        first, last = (datetime.fromisoformat(items[n][field]) for n in (0, -1))
        # Other values for the days asked for would look like real ones.
        after = max((last - first).days + 1, 2)
        days = dice.choice((-400, -1, 1, after) if plausible else (-400, after, after))
        items += [
            item | {field: _later(item[field], timedelta(days=days))}
            for item in items[:288]
        ]
    except TypeError, ValueError, KeyError:
        return _repeat(container, key, dice, plausible)
    return f"with records {days} days later"


def _later(text: str, delay: timedelta) -> str:
    moment = datetime.fromisoformat(text) + delay
    return moment.isoformat().replace("+00:00", "Z")


def _mix(container: Any, key: Any, dice: Random, plausible: bool) -> str:
    """Change the order of a list, or exchange two objects of a record."""
    if isinstance(container, list):
        dice.shuffle(container)
        return "in another order"
    nested_keys = [name for name in container if isinstance(container[name], dict)]
    if not nested_keys:
        return _replace(container, key, dice, plausible)
    other = dice.choice(nested_keys)
    container[key] = copy.deepcopy(container[other])
    return f"= {other}"


def _empty(container: Any, key: Any, _dice: Random, _plausible: bool) -> str:
    value = container[key]
    container[key] = type(value)() if isinstance(value, list | dict | str) else None
    return "emptied"


type _Mutation = Callable[[Any, Any, Random, bool], str]

_IMPLAUSIBLE: tuple[_Mutation, ...] = (
    *(_replace, _replace, _replace, _replace, _drop, _wrap),
    *(_nest, _add, _repeat, _shift, _mix),
)
_MUTATIONS: tuple[_Mutation, ...] = (*_IMPLAUSIBLE, _drop, _empty)
