"""Consent page on which a customer allows or denies access."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape

from aiohttp import web

from .oauth import AuthorizationRequest


def consent_page(
    request: AuthorizationRequest,
    query: Mapping[str, str],
    customers: Mapping[str, str],
    action: str,
    accept_language: str = "",
) -> web.Response:
    """Return the page on which a customer allows or denies access.

    It is German if the browser prefers that, English otherwise.
    """
    is_german = accept_language.lower().startswith("de")
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in query.items()
        if name not in {"customer", "decision"}
    )
    options = "".join(
        f'<option value="{escape(customer_id)}">{escape(label)}</option>'
        for customer_id, label in customers.items()
    )
    page = _PAGE.format(
        name=escape(request.client.name),
        action=action,
        hidden=hidden,
        options=options,
        **asdict(_GERMAN if is_german else _ENGLISH),
    )
    return web.Response(text=page, content_type="text/html")


@dataclass(frozen=True)
class _Texts:
    language: str
    title: str
    heading: str
    explanation: str
    you_are: str
    allow: str
    deny: str
    note: str


_ENGLISH = _Texts(
    language="en",
    title="Nomos (simulated)",
    heading="would like to see your electricity contract",
    explanation="It can read your contract, your smart meter order, your prices and "
    "your consumption. It cannot change anything.",
    you_are="You are",
    allow="Allow",
    deny="Deny",
    note="This is a simulation. No password is needed.",
)
_GERMAN = _Texts(
    language="de",
    title="Nomos (Simulation)",
    heading="möchte Ihren Stromvertrag sehen",
    explanation="Gelesen werden Ihr Vertrag, die Bestellung Ihres intelligenten "
    "Messsystems, Ihre Preise und Ihr Verbrauch. Geändert wird nichts.",
    you_are="Sie sind",
    allow="Erlauben",
    deny="Ablehnen",
    note="Dies ist eine Simulation. Ein Passwort ist nicht nötig.",
)

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; background: #f3f5f2; color: #1d2b22;
         display: grid; place-items: center; min-height: 100vh; margin: 0 }}
  form {{ background: #fff; padding: 2rem; border-radius: 1rem; max-width: 24rem;
         box-shadow: 0 2px 24px #0002 }}
  h1 {{ font-size: 1.25rem; margin: 0 0 1rem }}
  select, button {{ font: inherit; width: 100%; padding: .6rem; border-radius: .5rem;
                   border: 1px solid #b9c4bc; margin-top: .75rem; background: #fff }}
  button.allow {{ background: #1f7a4d; border-color: #1f7a4d; color: #fff }}
  small {{ color: #5c6b61 }}
</style>
</head>
<body>
<form method="post" action="{action}">
  <h1>{name} {heading}</h1>
  <p>{explanation}</p>
  <label>{you_are}
  <select name="customer">{options}</select></label>
  {hidden}
  <button class="allow" name="decision" value="allow">{allow}</button>
  <button name="decision" value="deny">{deny}</button>
  <p><small>{note}</small></p>
</form>
</body>
</html>
"""
