"""The job behind every printed or exported document."""
