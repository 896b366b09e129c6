"""What a person does about an incident on a page: it goes where ``wb.incident`` writes it."""

from __future__ import annotations

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated

from workbench.apps import acting_form as form
from workbench.apps.choice import Choice
from workbench.apps.fixed import DONE, XSRF, FixedPage
from workbench.apps.roles import remember, visitor_of
from workbench.apps.sentences import say
from workbench.core.incident import Incident
from workbench.errors import BadParameter, InputError, WorkbenchError
from workbench.monitoring.acting import incident

SAID = {
    "acknowledge": "Acknowledged.",
    "note": "The note is kept.",
    "snooze": "Snoozed.",
    "close": "Closed.",
    "reopen": "Open again.",
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
            one = await IOLoop.current().run_in_executor(None, act, told)
        except WorkbenchError as error:
            self.set_status(422 if isinstance(error, InputError) else 409)
            await self.answer("model", self._back(told, done=str(error), hidden=(("_xsrf", XSRF),)))
            return
        remember(self, told[form.BY].strip())
        back = self._back(told)
        sentence = f"{one.id}: {say(SAID[told[form.ACT]], back.lang)}"
        self.set_secure_cookie(DONE, sentence, expires_days=None, httponly=True, samesite="Lax")
        self.redirect(back.link("model.ipynb"), status=303)

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
    if not told[form.BY].strip():
        raise BadParameter("Nobody said who does this. Give your name.")
    if told[form.ACT] not in form.ACTS:
        raise BadParameter(f"What can be done here: {', '.join(form.ACTS)}. Choose one.")
    until = told[form.UNTIL].strip() if told[form.ACT] == "snooze" else ""
    about = told[form.NAME], told[form.INCIDENT], told[form.ACT]
    return incident(*about, note=told[form.NOTE], by=told[form.BY], until=until or None)
