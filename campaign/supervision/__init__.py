"""Leading groups, contact points, inspection teams, their visits and findings."""
