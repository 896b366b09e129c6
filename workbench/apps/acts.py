"""What a person does on a page: it goes where ``wb.incident`` and ``wb.watch`` write it."""

from __future__ import annotations

from collections.abc import Sequence

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated

from workbench.apps import acting_form as form
from workbench.apps.choice import Choice
from workbench.apps.fixed import DONE, XSRF, FixedPage
from workbench.apps.roles import remember, visitor_of
from workbench.apps.sentences import say
from workbench.core.incident import Incident
from workbench.core.watch import Watch
from workbench.errors import BadParameter, InputError, WorkbenchError
from workbench.monitoring.acting import incident

SAID = {
    "acknowledge": "Acknowledged.",
    "note": "The note is kept.",
    "snooze": "Snoozed.",
    "close": "Closed.",
    "reopen": "Open again.",
    "approve": "Approved.",
    "refuse": "Refused.",
}


class Acts(FixedPage):
    """Takes the form of an incident from who may act, with the token of its page."""

    @authenticated
    async def get(self, name: str = "") -> None:
        """Who opens the address of the form is led to the pages."""
        self.redirect("models.ipynb")

    @authenticated
    async def post(self) -> None:
        """Do it, and lead back; where it can't be done, the page says why."""
        if not visitor_of(self).may_act:
            raise HTTPError(403)
        told = {name: self.get_body_argument(name, "") for name in form.FIELDS}
        try:
            sentence = await IOLoop.current().run_in_executor(None, self.done, told)
        except WorkbenchError as error:
            self.set_status(422 if isinstance(error, InputError) else 409)
            await self.answer("model", self._back(told, done=str(error), hidden=(("_xsrf", XSRF),)))
            return
        remember(self, told[form.BY].strip())
        back = self._back(told)
        said = f"{sentence} {say(SAID[told[form.ACT]], back.lang)}".strip()
        self.set_secure_cookie(DONE, said, expires_days=None, httponly=True, samesite="Lax")
        self.redirect(back.link("model.ipynb"), status=303)

    def done(self, told: dict[str, str]) -> str:
        """Do what the form says; what it was done to."""
        return f"{act(told).id}:"

    def _back(self, told: dict[str, str], **given: object) -> Choice:
        """What the reader looked at when the form was sent."""
        before = Choice.of(told[form.BACK], language=self.request.headers.get("Accept-Language", ""), **given)
        visitor = visitor_of(self)
        return before.but(name=told[form.NAME], may_act=visitor.may_act, by=told[form.BY] or visitor.called)


def act(told: dict[str, str]) -> Incident:
    """Do what a form says.

    Parameters
    ----------
    told : dict of str to str
        Its fields, as :mod:`workbench.apps.acting_form` names them.

    Raises
    ------
    BadParameter
        If nobody says who he is, or something else is missing.
    NotFound
        If there is no such incident any more.
    """
    _check(told, form.ACTS)
    until = told[form.UNTIL].strip() if told[form.ACT] == "snooze" else ""
    about = told[form.NAME], told[form.INCIDENT], told[form.ACT]
    return incident(*about, note=told[form.NOTE], by=told[form.BY], until=until or None)


class Answers(Acts):
    """Takes what somebody says to a watch that asks whether a new version may become champion."""

    def done(self, told: dict[str, str]) -> str:
        """Approve or refuse; what follows from it is done, too."""
        answer(told)
        return ""


def answer(told: dict[str, str]) -> Watch:
    """Answer what a watch asks, as a form says.

    Parameters
    ----------
    told : dict of str to str
        Its fields, as :mod:`workbench.apps.acting_form` names them.

    Raises
    ------
    BadParameter
        If nobody says who he is, or something else is missing.
    Refused
        If the watch asks nothing any more, as somebody else has answered.
    """
    from workbench.monitoring.watching import watch  # pages that are only read load no pandas

    _check(told, form.ANSWERS)
    return watch(told[form.NAME], told[form.ACT], note=told[form.NOTE], by=told[form.BY])


def _check(told: dict[str, str], acts: Sequence[str]) -> None:
    if not told[form.BY].strip():
        raise BadParameter("Nobody said who does this. Give your name.")
    if told[form.ACT] not in acts:
        raise BadParameter(f"What can be done here: {', '.join(acts)}. Choose one.")
