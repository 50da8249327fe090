"""Where events from outside come in: HTTP, steps, streams, queues, the minute."""
