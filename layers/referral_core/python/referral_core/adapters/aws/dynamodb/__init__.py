"""The one table: keys, referrals, configuration."""
