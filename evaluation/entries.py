"""The room's menu entries, duties and home panels."""
