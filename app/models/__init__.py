"""The nouns of the business, each with its verbs. Importing this package declares every table."""

from app.models.base import Model  # first: it names the constraints  # isort: skip
from app.models.apart import ClientsApart, PeopleApart
from app.models.batch import Batch
from app.models.campaign import Campaign, CampaignExternalId, Channel
from app.models.client import Client, ContactPerson
from app.models.company import Company
from app.models.contact_point import ContactPoint
from app.models.contract import Contract, NumberCounter
from app.models.document import Document
from app.models.duty import Duty
from app.models.form_key import FormKey
from app.models.import_file import ImportFile, ImportKey, ImportPiece, ImportRow
from app.models.job import Job, JobPart
from app.models.lead import Lead
from app.models.login_failure import LoginFailure
from app.models.merge import Merge
from app.models.note import Note
from app.models.own_form import OwnForm, OwnFormDay
from app.models.recent import RecentlyOpened
from app.models.revenue_entry import RevenueEntry
from app.models.saved_view import SavedView
from app.models.service import Service
from app.models.source import IdempotencyKey, Source, SourceSecret, SourceToken
from app.models.spend import Spend
from app.models.submission import Submission
from app.models.undo import UndoStep
from app.models.user_settings import UserSettings
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "Batch",
    "Campaign",
    "CampaignExternalId",
    "Channel",
    "Client",
    "ClientsApart",
    "Company",
    "ContactPerson",
    "ContactPoint",
    "Contract",
    "Document",
    "Duty",
    "FormKey",
    "IdempotencyKey",
    "ImportFile",
    "ImportKey",
    "ImportPiece",
    "ImportRow",
    "Job",
    "JobPart",
    "Lead",
    "LoginFailure",
    "Merge",
    "Model",
    "Note",
    "NumberCounter",
    "OwnForm",
    "OwnFormDay",
    "PeopleApart",
    "RecentlyOpened",
    "RevenueEntry",
    "SavedView",
    "Service",
    "Source",
    "SourceSecret",
    "SourceToken",
    "Spend",
    "Submission",
    "UndoStep",
    "UserSettings",
    "Webhook",
    "WebhookDelivery",
]
