"""How the people of the demo ask: through the one way in which a lead is made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.intake import Arrival, CampaignSent, Sender, receive_many
from app.models import Campaign, Lead, Source
from app.models.clock import utc_now
from app.models.current_batch import current_batch_id
from app.seed.people import Person

DOOR = "seed"


@dataclass(frozen=True, slots=True)
class Asking:
    person: Person
    campaign: Campaign | None
    source: Source | None
    company: str = ""
    question: str = ""
    click_id: str | None = None
    consent: str | None = None
    is_test: bool = False

    def arrival(self) -> Arrival:
        """What the source would have posted just now."""
        person, now = self.person, utc_now()
        fields: dict[str, Any] = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "middle_name": person.middle_name,
            "phone": person.phone,
            "email": person.email,
        }
        return Arrival(
            **fields,
            door=DOOR,
            sender=Sender.of(self.source) if self.source else None,
            company_name=self.company or None,
            campaign=CampaignSent(str(self.campaign.id), only_ours=True) if self.campaign else None,
            answers={"question": self.question} if self.question else {},
            click_id=self.click_id,
            utm=self._marks(),
            consent_text=self.consent,
            consent_at=now if self.consent else None,
            is_test=self.is_test,
            received_at=now,
            media_type="application/json",
            body=json.dumps(fields, ensure_ascii=False).encode(),
            batch_id=current_batch_id(),
        )

    def _marks(self) -> dict[str, str]:
        if not self.click_id:
            return {}
        platform = MARKS[int(self.click_id[-1], 16) % len(MARKS)]
        return {"utm_source": "demo", platform: self.click_id}


# As their names stand on the addresses of advertisements.
MARKS = ("gclid", "yclid", "fbclid")


def ask(session: Session, asking: Asking) -> Lead:
    """Makes the lead of this person in this campaign, or finds it when they ask again."""
    receipt = receive_many(session, [asking.arrival()])[0]
    lead = session.get(Lead, receipt.lead_id)
    if lead is None:
        raise RuntimeError(f"the demo's own request was not accepted: {receipt}")
    session.refresh(lead)
    return lead


def ask_wrongly(session: Session, person: Person, source: Source) -> None:
    """A request that a strict door refuses: it stays in the inbox as rejected, with its reasons."""
    arrival = Asking(person, None, source).arrival()
    arrival.strict = True
    arrival.phone = "12345"
    arrival.email = "not an address"
    receive_many(session, [arrival])
