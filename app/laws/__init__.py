"""The laws of the data as questions to the database: what `flask fab check` asks.

A law that holds finds no row. Each names the ids of what breaks it, the first few of them, so that
somebody can look. Questions read; they change nothing.
"""

from app.laws.law import LAWS, Law

from app.laws import people  # isort: skip
from app.laws import contracts  # isort: skip
from app.laws import whole  # isort: skip
from app.laws.contracts import waived_documents

__all__ = ["LAWS", "Law", "contracts", "people", "waived_documents", "whole"]
