"""What people do in the console and through the API: the worklist, the referral, their tenant."""
