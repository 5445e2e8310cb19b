"""What those who lead look at: numbers, what is behind each, and who can be helped first."""
