"""The page that a running ledger shows to people: its markup, style and script, as they are sent.

They need no build and ask nobody but the ledger itself; `consumers.page` serves them.
"""
