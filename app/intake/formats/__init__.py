"""How each door's request becomes an arrival: one file a format, each with its `read`."""
