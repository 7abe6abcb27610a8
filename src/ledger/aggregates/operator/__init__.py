"""The operator's room: policies, products, procedures, calendars and halls for all owners."""
