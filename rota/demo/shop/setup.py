"""Fill the shop with products and a first day's orders."""

import random

import frappe

NOUNS = ["Lamp", "Chair", "Kettle", "Notebook", "Scarf", "Mug", "Clock", "Basket", "Candle", "Blanket"]
COLOURS = ["Red", "Blue", "Green", "White", "Black", "Amber", "Violet", "Grey", "Copper", "Ivory"]
CUSTOMERS = ["Alice", "Bob", "Charlie", "Dora", "Emil", "Fatima", "Grace", "Hugo", "Ines", "Jonas"]


def fill(orders=60):
    """Make the products and some open orders. Running it again adds nothing that is there."""
    for colour in COLOURS:
        for noun in NOUNS:
            make_product(f"{colour} {noun}")
    if not frappe.db.count("Shop Order"):
        for _ in range(orders):
            make_order()


def make_product(title):
    """Make a product with a stock and a price, unless it is there."""
    sku = title.upper().replace(" ", "-")
    if not frappe.db.exists("Product", sku):
        frappe.get_doc(
            {
                "doctype": "Product",
                "sku": sku,
                "title": title,
                "price": random.randint(500, 9900) / 100,
                "stock": random.randint(50, 500),
            }
        ).insert(ignore_permissions=True)


def make_order():
    """Make an order of one to three products, and return it."""
    skus = frappe.get_all("Product", pluck="name")
    return frappe.get_doc(
        {
            "doctype": "Shop Order",
            "customer": random.choice(CUSTOMERS),
            "lines": [
                {"product": sku, "qty": random.randint(1, 3)} for sku in random.sample(skus, random.randint(1, 3))
            ],
        }
    ).insert(ignore_permissions=True)
