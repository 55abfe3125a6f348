"""Second floor: a mapping table becomes a Dialect, proved complete and safe before anything listens."""
