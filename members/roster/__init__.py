"""From a spreadsheet to the roll: reading, checking against the roll, writing."""
