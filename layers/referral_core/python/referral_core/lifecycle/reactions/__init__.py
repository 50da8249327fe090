"""What an update leads to, one module per region of the referral."""
