"""What the shop does in the background: short jobs and long ones, by the clock and by hand."""

import csv
import io
import json
import os
import random
import time
import urllib.error
import urllib.request

import frappe
from shop.setup import make_order

import rota

DEFAULT_WAREHOUSE = "http://127.0.0.1:8088"


def take_orders():
    """Customers come in: a few orders a minute, each of which is paid in a job of its own."""
    for _ in range(random.randint(3, 8)):
        order = make_order()
        # The job belongs to this transaction: no order without its payment, no payment of an order that never was.
        frappe.enqueue("shop.tasks.take_payment", queue="short", order=order.name, job_id=f"payment::{order.name}")
    frappe.logger("shop").info("took orders")


def take_payment(order):
    """Mark an order as paid and take its goods from the stock: all of it or nothing."""
    doc = frappe.get_doc("Shop Order", order)
    if doc.status != "New":
        return
    for line in doc.lines:
        stock = frappe.db.get_value("Product", line.product, "stock")
        frappe.db.set_value("Product", line.product, "stock", stock - line.qty)
    doc.status = "Paid"
    doc.save(ignore_permissions=True)


def tell_warehouse():
    """Tell the warehouse of every paid order, a job each; a failing warehouse is asked again, later and later."""
    paid = frappe.get_all("Shop Order", filters={"status": "Paid", "told_warehouse": 0}, pluck="name", limit=50)
    for order in paid:
        send_to_warehouse.options(job_id=f"warehouse::{order}", deduplicate=True).enqueue(order=order)


@rota.job(queue="short", timeout=20, retry=rota.Retry(attempts=6, base=1, cap=60))
def send_to_warehouse(order):
    """Send one order to the warehouse over HTTP."""
    body = json.dumps(frappe.get_doc("Shop Order", order).as_dict()).encode()
    request = urllib.request.Request(
        os.environ.get("SHOP_WAREHOUSE", DEFAULT_WAREHOUSE) + "/orders",
        data=body,
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            reference = json.load(answer)["reference"]
    except urllib.error.HTTPError as error:
        if error.code == 429:
            # Busy is no failure: come back when it says so, without burning an attempt.
            raise rota.RetryLater(float(error.headers.get("Retry-After", 5))) from None
        raise
    frappe.db.set_value("Shop Order", order, {"told_warehouse": 1, "status": "Shipped", "reference": reference})


def import_prices():
    """Read the supplier's price list, row by row, showing how far it is."""
    rows = supplier_prices()
    changed = 0
    for number, (sku, price) in enumerate(rows, 1):
        if frappe.db.get_value("Product", sku, "price") != price:
            frappe.db.set_value("Product", sku, "price", price)
            changed += 1
        frappe.publish_progress(percent=number * 100 / len(rows), title="Importing prices", description=sku)
    frappe.logger("shop").info("imported %s prices, %s changed", len(rows), changed)
    return {"rows": len(rows), "changed": changed}


def supplier_prices():
    """The supplier's list: every product, now and then with a new price."""
    products = frappe.get_all("Product", fields=["name", "price"])
    return [(one.name, round(one.price * random.choice([1, 1, 1, 1.02, 0.98]), 2)) for one in products]


def count_stock():
    """A long job: somebody walks along the shelves."""
    products = frappe.get_all("Product", fields=["name", "stock"])
    for number, product in enumerate(products, 1):
        time.sleep(0.2)
        if product.stock < 50:
            frappe.db.set_value("Product", product.name, "stock", product.stock + 200)
            frappe.db.commit()
        frappe.publish_progress(percent=number * 100 / len(products), title="Counting the stock")


def export_orders():
    """Write the shipped orders into a CSV file."""
    orders = frappe.get_all(
        "Shop Order", filters={"status": "Shipped"}, fields=["name", "customer", "total", "reference"]
    )
    if not orders:
        return None
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=orders[0].keys())
    writer.writeheader()
    writer.writerows(orders)
    file = frappe.get_doc(
        {
            "doctype": "File",
            "file_name": f"orders-{frappe.utils.nowdate()}.csv",
            "content": text.getvalue(),
            "is_private": 1,
        }
    ).insert(ignore_permissions=True)
    return file.file_url


def nightly_cleanup():
    """Delete last week's exports and the orders that nobody paid."""
    cutoff = frappe.utils.add_days(frappe.utils.nowdate(), -7)
    for doctype, filters in {
        "File": {"file_name": ["like", "orders-%"], "creation": ["<", cutoff]},
        "Shop Order": {"status": "New", "creation": ["<", cutoff]},
    }.items():
        for name in frappe.get_all(doctype, filters=filters, pluck="name"):
            frappe.delete_doc(doctype, name, ignore_permissions=True)
