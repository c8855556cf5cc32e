"""How a submission becomes a lead: `receive` for one, `receive_many` for up to a thousand."""

from app.intake.again import accept_failed, correct_and_accept, replay
from app.intake.arrival import Arrival, CampaignSent, Receipt, Sender
from app.intake.many import MOST_IN_A_ROUND, receive_many
from app.intake.receive import receive, receive_by_hand

__all__ = [
    "MOST_IN_A_ROUND",
    "Arrival",
    "CampaignSent",
    "Receipt",
    "Sender",
    "accept_failed",
    "correct_and_accept",
    "receive",
    "receive_by_hand",
    "receive_many",
    "replay",
]
