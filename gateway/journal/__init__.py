"""What must be remembered between callbacks. For now in memory only; a durable journal keeps the same wishes."""
