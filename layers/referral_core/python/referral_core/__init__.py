"""The shared package of Referral Router: the folder around it is the Lambda layer."""
