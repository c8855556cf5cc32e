"""Measurements and long series: commands with printed results, of which bin/test runs a little."""
