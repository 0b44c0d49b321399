"""Six fields: the seconds come last. None is left out, though the scheduler may have to wait for a processor."""

tick = {"method": "ticking.tasks.tick", "overlap": "allow", "catch_up": "all"}
scheduler_events = {"cron": {"* * * * * */1": [tick]}}
