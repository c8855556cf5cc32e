"""Tests of how a contract becomes a PDF."""
