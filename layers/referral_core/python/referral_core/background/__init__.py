"""What runs behind the lifecycle: the stream's consumers, the watchdog, the notice queue."""
