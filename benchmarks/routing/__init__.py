"""How near routing by bid prices comes to hindsight, and what a decision takes."""
