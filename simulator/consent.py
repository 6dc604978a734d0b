"""Consent page on which a customer allows or denies access."""

from collections.abc import Mapping
from html import escape

from aiohttp import web

from .oauth import AuthorizationRequest


def consent_page(
    request: AuthorizationRequest,
    query: Mapping[str, str],
    customers: Mapping[str, str],
    action: str,
) -> web.Response:
    """Return the page on which a customer allows or denies access."""
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
        name=escape(request.client.name), action=action, hidden=hidden, options=options
    )
    return web.Response(text=page, content_type="text/html")


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nomos (simulated)</title>
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
  <h1>{name} would like to see your electricity contract</h1>
  <p>It can read your contract, your smart meter order, your prices and your
  consumption. It cannot change anything.</p>
  <label>You are
  <select name="customer">{options}</select></label>
  {hidden}
  <button class="allow" name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Deny</button>
  <p><small>This is a simulation. No password is needed.</small></p>
</form>
</body>
</html>
"""
