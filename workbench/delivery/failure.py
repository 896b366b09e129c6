"""Why a message was not delivered: one sentence, without any part of an address that may be a secret."""

from __future__ import annotations


class Undelivered(Exception):
    """A message that did not get there.

    Parameters
    ----------
    why : str
        One sentence for a record.
    again : bool
        Whether it may go better another time.
    after : float
        Seconds to wait before that, where who answered has said so.
    here : bool
        Whether this process may try again; else another one may know what it lacks.
    """

    def __init__(self, why: str, again: bool, after: float = 0.0, here: bool = True) -> None:
        super().__init__(why)
        self.again = again
        self.after = after
        self.here = here


def unverified(host: str) -> str:
    """The sentence for a server that can't prove who it is."""
    return f"The certificate of {host} can't be verified. Let its administrator renew it, or trust its issuer."
