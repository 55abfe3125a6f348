"""Ground floor: our own words. Operations, calls, outcomes, money, faults; no bytes, no tables, no sockets."""
