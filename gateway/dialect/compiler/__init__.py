"""From layers of TOML to the forms and rows that a Dialect runs on. Collects every complaint before it gives up."""
