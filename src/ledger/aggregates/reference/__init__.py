"""The reference facts of one partition, and what tells it of new ones."""
