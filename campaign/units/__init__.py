"""A unit in a campaign: its page, its dates, who takes part, what is missing at its gates."""
