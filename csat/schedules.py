"""The few periodic jobs, as data; created idempotently after migrate."""
