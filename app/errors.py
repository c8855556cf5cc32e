"""What can go wrong in the words of the business; the doors turn these into answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def N_(message: str) -> str:
    """Marks an English message for the translators; it is translated where it is shown."""
    return message


class CrmError(Exception):
    """A rule said no. `message` is English with %(name)s places; doors translate and fill it.

    `field` names the input to correct ('' when the whole act is refused), `status` is the HTTP
    answer, `link` leads to the row that stands in the way: (noun, id).
    """

    status = 409
    message = N_("This cannot be done.")

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str = "",
        link: tuple[str, int] | None = None,
        **params: Any,
    ) -> None:
        if message is not None:
            self.message = message
        self.field = field
        self.link = link
        self.params = params
        super().__init__(self.message % params if params else self.message)


class Invalid(CrmError):
    """One or more values cannot be taken; `faults` maps each field to its messages."""

    status = 400
    message = N_("Correct the marked fields.")

    def __init__(self, faults: Mapping[str, list[CrmError]], **params: Any) -> None:
        self.faults = {field: list(errors) for field, errors in faults.items()}
        super().__init__(field=next(iter(self.faults), ""), **params)

    @classmethod
    def of(cls, field: str, message: str, **params: Any) -> Invalid:
        """A single faulty field."""
        return cls({field: [CrmError(message, field=field, **params)]})


class NotFound(CrmError):
    status = 404
    message = N_("There is no such record.")


class Forbidden(CrmError):
    status = 403
    message = N_("Your role does not allow this.")


class Stale(CrmError):
    """Somebody saved the record after the form was opened (law 8)."""

    message = N_("Somebody changed this record meanwhile. Compare the values and save again.")

    def __init__(self, differences: list[dict[str, Any]] | None = None) -> None:
        self.differences = differences or []
        super().__init__()


class AlreadyConverted(CrmError):
    message = N_("This lead has been converted already.")


class LeadIsClosed(CrmError):
    message = N_("This lead is closed. Reopen it first.")


class OpenLeadExists(CrmError):
    """Law 4: one open lead for a person in a campaign."""

    message = N_("There is an open lead of this person in this campaign already.")


class AlreadyMerged(CrmError):
    message = N_("This record has been merged into another one already.")


class UnseenMatch(CrmError):
    """A client who matches has appeared since the page was shown (law 1)."""

    message = N_("A client with this phone or e-mail has appeared. Choose again.")

    def __init__(self, clients: list[Any]) -> None:
        self.clients = clients
        super().__init__(link=("client", clients[0].id) if clients else None)


class ClientHasLiveContracts(CrmError):
    message = N_("This client has contracts in force. Complete or terminate them first.")


class NotAllowedNow(CrmError):
    """The record's state does not admit the act."""


class CompanyIncomplete(CrmError):
    message = N_("Fill in the company's details first: %(fields)s.")


class ClaimedByAnother(CrmError):
    message = N_("%(who)s is working with this person until %(until)s.")


class BulkRefused(CrmError):
    """Law 2: a bulk statement would change contracts in silence."""

    message = N_("Contracts are changed one by one, so that each change leaves a note.")
