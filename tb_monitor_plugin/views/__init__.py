"""Records in, answers out: pure functions, one file per page."""
