"""Screens, through the client."""
