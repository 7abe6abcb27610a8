"""The business: one folder an owner, one file an aggregate, each in the same order.

Interactions, events, state, evolve, decide, react. Everything here is pure: no clock, no
randomness, no I/O, no personal field in clear. A folder is a consistency boundary: a rule may
import only from its own folder, from `common` and from reference facts.
"""
