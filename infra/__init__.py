"""The CDK application: one template, the same on AWS and on one machine."""
