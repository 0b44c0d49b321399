"""Six fields: the seconds come last."""

scheduler_events = {"cron": {"* * * * * */1": [{"method": "ticking.tasks.tick", "overlap": "allow"}]}}
