"""Sign-in with Nomos: the steps of the configuration flow that leave Home Assistant."""

from http import HTTPStatus
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2FlowHandler
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .device import account_name
from .errors import form_error_key
from .flow_account import Problem
from .issues import escape_markdown
from .nomos import NomosAuthError, NomosError

FORM_KEYS = {
    "invalid_auth": "sign_in_failed",
    "no_permission": "sign_in_no_permission",
}
"""Keys of errors that have another text in the form for API credentials."""


class SignInFlow(AbstractOAuth2FlowHandler):
    """Configuration flow with the steps of a sign-in.

    A sign-in that fails aborts a set-up. A reauthentication shows its form again, since
    an aborted one would not come back although the entry has no login.
    """

    _problem: Problem | None = None
    """Problem with the last sign-in."""

    @property
    def _entry(self) -> ConfigEntry[Any] | None:
        """Entry that is repaired or changed; None if one is created."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what follows before the customer leaves Home Assistant."""
        if user_input is None:
            return self._show_sign_in()
        return await self.async_step_pick_implementation()

    async def async_step_sign_in_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the customer sign in again, at once unless that has just failed."""
        if user_input is None and self._problem:
            return self._show_sign_in()
        return await self.async_step_pick_implementation()

    @override
    async def async_step_pick_implementation(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Open the page of Nomos; ask for the application credentials if there are several."""
        result = await super().async_step_pick_implementation(user_input)
        if self._entry and result["type"] is FlowResultType.ABORT:
            is_missing = result["reason"] == "missing_credentials"
            return self._sign_in_failed(
                Problem(key="missing_credentials" if is_missing else "unknown")
            )
        return result

    @override
    async def async_step_creation(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Exchange the code of Nomos for a token.

        Home Assistant's own step has one text for all refusals.
        """
        try:
            token = await self.flow_impl.async_resolve_external_data(self.external_data)
        except NomosError as err:
            LOGGER.debug("The sign-in failed: %s", err)
            return self._sign_in_failed(_problem_of(err))
        token["expires_at"] = dt_util.utcnow().timestamp() + token["expires_in"]
        return await self.async_oauth_create_entry(
            {"auth_implementation": self.flow_impl.domain, "token": token}
        )

    @override
    async def async_step_authorize_rejected(
        self, data: None = None
    ) -> ConfigFlowResult:
        """Tell that Nomos did not give access."""
        is_denied = self.external_data["error"] == "access_denied"
        return self._sign_in_failed(
            Problem(key="access_denied" if is_denied else "invalid_auth")
        )

    def _sign_in_failed(self, problem: Problem) -> ConfigFlowResult:
        """Show the form again with the problem, or abort a set-up."""
        if self._entry is None:
            return self._abort_for(problem)
        self._problem = problem
        return self._show_sign_in()

    def _show_sign_in(self) -> ConfigFlowResult:
        assert self._entry
        problem = self._problem
        account = escape_markdown(account_name(self.hass, self._entry))
        return self.async_show_form(
            step_id=(
                "reauth_confirm" if self.source == SOURCE_REAUTH else "sign_in_again"
            ),
            errors=(
                {"base": FORM_KEYS.get(problem.key, problem.key)} if problem else None
            ),
            description_placeholders={"account": account}
            | (problem.placeholders if problem else {}),
        )

    def _abort_for(self, problem: Problem) -> ConfigFlowResult:
        return self.async_abort(
            reason=problem.key, description_placeholders=problem.placeholders
        )


def _problem_of(err: NomosError) -> Problem:
    """Return the problem with the exchange of a code."""
    if isinstance(err, NomosAuthError):
        is_code = err.status == HTTPStatus.BAD_REQUEST
        return Problem(key="code_refused" if is_code else "invalid_client", error=err)
    return Problem(key=form_error_key(err), error=err)
