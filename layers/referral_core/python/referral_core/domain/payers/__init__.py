"""What payers say: eligibility and authorization."""
