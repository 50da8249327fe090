"""What partners send about a referral under way."""
