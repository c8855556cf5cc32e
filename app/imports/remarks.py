"""What can be wrong with a file and with its rows; the codes stand in reports and tests."""

from __future__ import annotations

from enum import StrEnum

from app.errors import N_, CrmError
from app.intake.remarks import MESSAGES


class RowWhy(StrEnum):
    """Codes of rows, beside those of contacts and of intake."""

    RAGGED = "ragged"
    BAD_BYTE = "bad_byte"
    NUL = "nul"
    UNCLOSED_QUOTE = "unclosed_quote"
    TOO_LONG_ROW = "too_long_row"
    BAD_DATE = "bad_date"
    BAD_AMOUNT = "bad_amount"
    NO_AMOUNT = "no_amount"
    NO_DAY = "no_day"
    SEVERAL_DAYS = "several_days"
    NO_CAMPAIGN = "no_campaign"
    SEVERAL_CAMPAIGNS = "several_campaigns"
    OTHER_CURRENCY = "other_currency"
    BAD_VALUE = "bad_value"
    LOST_ID = "lost_id"
    TEST_LEAD = "test_lead"
    EMPTY = "empty"
    MERGED = "merged"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    DUPLICATE_CONTACT = "duplicate_contact"
    SHARED_CONTACT = "shared_contact"
    DUPLICATE_DAY = "duplicate_day"
    SENT_BEFORE = "sent_before"
    ASKS_AGAIN = "asks_again"
    KNOWN_LEAD = "known_lead"
    KNOWN_CLIENT = "known_client"
    KNOWN_SPEND = "known_spend"
    CHANGES_SPEND = "changes_spend"


MESSAGES.update(
    {
        RowWhy.RAGGED: N_("This row has %(cells)s cells, and the table has %(columns)s columns."),
        RowWhy.BAD_BYTE: N_(
            "There is a byte here that is no letter in the file's encoding. Type the text again."
        ),
        RowWhy.NUL: N_("There is a NUL character (U+0000) here. Take it out."),
        RowWhy.UNCLOSED_QUOTE: N_("A quotation mark opens here and never closes. Close it."),
        RowWhy.TOO_LONG_ROW: N_("This row is longer than %(limit)s characters. Shorten it."),
        RowWhy.BAD_DATE: N_("There is no such day or time: “%(sent)s”."),
        RowWhy.BAD_AMOUNT: N_("“%(sent)s” is no amount. Write it as 1500.50."),
        RowWhy.NO_AMOUNT: N_("There is no amount here."),
        RowWhy.NO_DAY: N_("There is no day here."),
        RowWhy.SEVERAL_DAYS: N_("This row is of several days. Export the report day by day."),
        RowWhy.NO_CAMPAIGN: N_(
            "No campaign is called “%(sent)s” or has this id. Add it, or its id on the platform."
        ),
        RowWhy.SEVERAL_CAMPAIGNS: N_("Several campaigns are called “%(sent)s”. Name its id."),
        RowWhy.OTHER_CURRENCY: N_("The amount is in %(sent)s, and the company counts in %(own)s."),
        RowWhy.BAD_VALUE: N_("“%(sent)s” is not known here."),
        RowWhy.LOST_ID: N_(
            "A spreadsheet has rounded this id, so it is not used. Make the cell a text."
        ),
        RowWhy.TEST_LEAD: N_("This is a test of the sender's, no person."),
        RowWhy.EMPTY: N_("Nothing stands behind the sender's mark."),
        RowWhy.MERGED: N_("Cells are merged here; only the first row has their value."),
        RowWhy.DUPLICATE_IN_FILE: N_("The same request stands in row %(row)s already."),
        RowWhy.DUPLICATE_CONTACT: N_("The same person stands in row %(row)s already."),
        RowWhy.SHARED_CONTACT: N_(
            "Row %(row)s has this contact too, and another phone: it became a lead of its own."
        ),
        RowWhy.DUPLICATE_DAY: N_(
            "The campaign's spend of this day stands in row %(row)s already. Add the rows up."
        ),
        RowWhy.SENT_BEFORE: N_("This request is here already."),
        RowWhy.ASKS_AGAIN: N_("This person has an open lead: it has asked again."),
        RowWhy.KNOWN_LEAD: N_("This lead is here already."),
        RowWhy.KNOWN_CLIENT: N_("This client is here already."),
        RowWhy.KNOWN_SPEND: N_("This spend is here already."),
        RowWhy.CHANGES_SPEND: N_("The spend of this day was %(old)s."),
    }
)


class FileRefused(CrmError):
    """The file as a whole cannot be read; the sentence says why and what to do."""

    status = 400
    message = N_("This file cannot be read.")
