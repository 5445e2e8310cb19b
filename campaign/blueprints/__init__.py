"""Blueprints: what a campaign asks, before it is one."""
