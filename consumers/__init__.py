"""The processes that move data: decider, reactor, projector; and the embedded ledger that holds
the first two in one process."""
