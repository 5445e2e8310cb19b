"""Study: plans, calendars, sign-ins, readings, accounts of hours and days."""
