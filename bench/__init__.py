"""Measured claims. Each prints the machine, the versions and its figures; none is a test."""
