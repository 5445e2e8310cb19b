"""Lists of units, people and places, with their narrowing, export and print."""
