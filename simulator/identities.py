"""Reproducible IDs and personal details of simulated households.

Every value follows from the household's key, so that it is the same in every run.
"""

from collections.abc import Hashable
from functools import lru_cache
import hashlib
from typing import Any

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


@lru_cache(maxsize=65536)
def make_id(prefix: str, *parts: Hashable) -> str:
    """Return an opaque ID that follows from the parts."""
    return f"{prefix}_{_encode(hash_number(prefix, *parts), _ALPHABET, 24)}"


def make_contract_number(key: str) -> str:
    """Return the contract number that a customer sees."""
    return _encode(hash_number("contract", key), _CONTRACT_ALPHABET, 8)


def make_meter_number(manufacturer: str, *parts: object) -> str:
    """Return the number printed on a meter."""
    return f"1{manufacturer}{hash_number(*parts) % 10**8:08}"


def hash_number(*parts: object) -> int:
    """Return a large number that follows from the parts."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


def _encode(number: int, alphabet: str, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


def make_details(key: str, index: int) -> dict[str, Any]:
    """Return the IDs, the person, the address and the meter of a household."""
    return _ids(key) | _person(key, index) | _address(key, index) | _meter(key)


def make_plan(kind: str, *, available: bool) -> dict[str, str]:
    """Return the plan of a contract; only some plans come with a smart meter."""
    slug, name = "lichtblume", "Lichtblume Dynamik"
    if kind == "feed_in":
        name = "Lichtblume Einspeisung"
    elif not available:
        name = "Lichtblume Basis"
    return {"plan_id": make_id("pln", name), "plan_slug": slug, "plan_name": name}


def _ids(key: str) -> dict[str, Any]:
    return {
        "subscription_id": make_id("sub", key),
        "customer_id": make_id("cus", key),
        "meter_id": make_id("mtr", key),
        "order_id": make_id("prdo", key),
        "address_id": make_id("adr", key),
        "payment_method_id": make_id("pm", key),
        # A quarter of the households has just moved in: no previous supplier.
        "supplier_id": make_id("mp", "supplier")
        if hash_number("mp", key) % 4
        else None,
    }


def _person(key: str, index: int) -> dict[str, Any]:
    offset = hash_number("person", key.partition("/")[0])
    first, last = _PEOPLE[(index - 1 + offset) % len(_PEOPLE)]
    return {
        "first_name": first,
        "last_name": last,
        "email": f"kunde-{hash_number('email', key) % 10**6:06}@example.com",
    }


def _address(key: str, index: int) -> dict[str, Any]:
    # Scenarios start at different streets; house numbers rise after the last street.
    offset = hash_number("street", key.partition("/")[0])
    street, postcode, city = _STREETS[(index - 1 + offset) % len(_STREETS)]
    house = offset % 40 + 1 + (index - 1) // len(_STREETS)
    return {"street": street, "house_number": str(house), "zip": postcode, "city": city}


def _meter(key: str) -> dict[str, Any]:
    return {
        "meter_number": make_meter_number("APA01", "meter", key),
        "malo": f"5{hash_number('malo', key) % 10**10:010}",
        "melo": f"DE000{hash_number('melo', key) % 10**28:028}",
        "first_reading": float(8000 + hash_number("reading", key) % 40000),
    }
