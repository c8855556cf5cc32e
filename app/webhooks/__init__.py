"""How webhooks are told: signed, over addresses that may be reached, again and again for a day."""
