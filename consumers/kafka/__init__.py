"""The consumers of a ledger on Kafka, each a process that shares the partitions with its like."""
