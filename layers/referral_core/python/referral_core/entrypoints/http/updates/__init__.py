"""Updates over HTTP: what partners report on a referral, and the documents that come with it."""
