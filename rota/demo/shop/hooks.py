"""What the shop runs by the clock."""

app_name = "shop"
app_title = "Shop"
app_description = "A small shop that shows scheduled tasks and background jobs at work"

after_install = "shop.setup.fill"

scheduler_events = {
    "cron": {
        "* * * * *": ["shop.tasks.take_orders", "shop.tasks.tell_warehouse"],
        "*/5 * * * *": ["shop.tasks.import_prices"],
        "*/10 * * * *": ["shop.tasks.count_stock"],
    },
    "hourly": ["shop.tasks.export_orders"],
    "daily": ["shop.tasks.nightly_cleanup"],
}
