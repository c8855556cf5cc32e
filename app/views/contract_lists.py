"""The views of the list of contracts, and the narrowings that no column of theirs says."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import and_, exists

from app.models.contract import Contract, ContractStatus
from app.models.document import Document, DocumentState
from app.views.base.searching import Narrowing


def lacks_document() -> Any:
    """Signed, and no version of its PDF is ready."""
    ready = exists().where(
        Document.contract_id == Contract.id, Document.state == DocumentState.READY.value
    )
    return and_(Contract.status == ContractStatus.SIGNED.value, ~ready)


NARROWINGS = {
    "document": Narrowing(_("Document"), {"none": (_("No document yet"), lacks_document)}),
}
BUILT_IN = {
    "drafts": (_("Drafts"), "_flt_2_status=draft"),
    "signed": (lazy_pgettext("several", "Signed"), "_flt_2_status=signed"),
    "no-document": (_("No document yet"), "document=none"),
    "mine": (_("Mine"), "_flt_0_manager=me"),
}
