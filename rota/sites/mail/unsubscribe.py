"""The link by which a recipient leaves a list: signed, so that nobody makes one for somebody else."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from rota.config import Config

if TYPE_CHECKING:
    from rota.sites.mail.outbox import Claimed


def unsubscribe_url(config: Config, home: str, mail: Claimed) -> str:
    """The link for one recipient, on the site at `home`; "" when the mail has none.

    The query is signed as `frappe.utils.verified_command` signs and checks it.
    """
    if not mail.unsubscribe_method or not config.encryption_key:
        return ""
    extra = json.loads(mail.unsubscribe_params or "{}")
    values = {"email": mail.recipient, "doctype": mail.reference_doctype, "name": mail.reference_name, **extra}
    query = urlencode({key: value for key, value in values.items() if value is not None})
    signature = hmac.new(config.encryption_key.encode(), query.encode(), hashlib.sha512).hexdigest()
    path = f"api/method/{mail.unsubscribe_method.strip('/')}"
    return f"{home}/{path}?{query}&_signature={signature}"
