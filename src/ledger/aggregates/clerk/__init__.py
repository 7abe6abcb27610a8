"""The room of a clerk: who they are to the ledger, what they learned and may do."""
