"""What a referral costs."""
