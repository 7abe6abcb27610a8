"""Replay: reading again what was written. It runs the code of normal running and never writes to
the ledger."""
