"""First floor: bytes to values and back, pure. No tables, no clocks, no sockets; everything comes in pairs."""
