"""Demo data: a believable company with fourteen months behind it, made by the verbs themselves."""
