"""Other sites, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rota import frappe  # what an app has put there counts
from rota.errors import NotInRota
from rota.frappe._missing import missing


class AuthError(Exception):
    """The other site does not know who asks."""


class SiteExpiredError(Exception):
    """The other site is gone."""


class SiteUnreachableError(Exception):
    """The other site can't be reached."""


class FrappeException(Exception):
    """The other site answered with an error."""


class FrappeClient:
    """Another site, as a user with a password or an API key. Needs the package requests.

    Raises:
        NotInRota: it is not installed.
        AuthError: the password is wrong.
    """

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        verify: bool = True,
        api_key: str | None = None,
        api_secret: str | None = None,
        frappe_authorization_source: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.verify = verify
        self.headers = {"Accept": "application/json"}
        self.session = self._new_session()
        if frappe_authorization_source:
            self.headers["Frappe-Authorization-Source"] = frappe_authorization_source
        if api_key and api_secret:
            self.headers["Authorization"] = f"token {api_key}:{api_secret}"
        elif username and password:
            self._login(username, password)

    @staticmethod
    def _new_session() -> Any:
        try:
            import requests  # an app's dependency, and slow to load
        except ImportError:
            raise NotInRota("frappe.frappeclient.FrappeClient", "it needs `pip install requests`") from None
        return requests.Session()

    def __enter__(self) -> FrappeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.logout()

    def _login(self, username: str, password: str) -> None:
        given = {"cmd": "login", "usr": username, "pwd": password}
        answer = self.session.post(self.url, data=given, verify=self.verify, headers=self.headers)
        if answer.status_code == 200 and answer.json().get("message") in ("Logged In", "No App"):
            return
        raise AuthError(f"{self.url} does not accept the password of {username}")

    def logout(self) -> None:
        """Sign out."""
        self.session.get(self.url, params={"cmd": "logout"}, verify=self.verify, headers=self.headers)

    def get_list(
        self,
        doctype: str,
        fields: str = '["name"]',
        filters: Any = None,
        limit_start: int = 0,
        limit_page_length: int | None = None,
        order_by: str | None = None,
        group_by: str | None = None,
    ) -> Any:
        """Documents that the filters pick."""
        fields = fields if isinstance(fields, str) else json.dumps(fields)
        params: dict[str, Any] = {"fields": fields}
        if filters:
            params["filters"] = json.dumps(filters)
        if limit_page_length is not None:
            params |= {"limit_start": limit_start, "limit_page_length": limit_page_length}
        params |= {key: value for key, value in (("order_by", order_by), ("group_by", group_by)) if value}
        return self._get(f"/api/resource/{quote(doctype)}", params)

    def get_doc(self, doctype: str, name: str = "", filters: Any = None, fields: Any = None) -> Any:
        """A document's values, or a list with filters."""
        params = {key: json.dumps(value) for key, value in (("filters", filters), ("fields", fields)) if value}
        return self._get(f"/api/resource/{quote(doctype)}/{quote(str(name), safe='')}", params)

    def get_value(self, doctype: str, fieldname: Any = None, filters: Any = None) -> Any:
        """Values of the first document that the filters pick."""
        given = {"doctype": doctype, "fieldname": fieldname or "name", "filters": json.dumps(filters)}
        return self.get_api("frappe.client.get_value", given)

    def insert(self, doc: Any) -> Any:
        """Insert a document; its values."""
        return self._post(f"/api/resource/{quote(doc.get('doctype'))}", {"data": frappe.as_json(doc)})

    def insert_many(self, docs: Any) -> Any:
        """Insert documents, all or none; their names."""
        return self.post_api("frappe.client.insert_many", {"docs": frappe.as_json(docs)})

    def update(self, doc: Any) -> Any:
        """Save a document; its values."""
        url = f"{self.url}/api/resource/{quote(doc.get('doctype'))}/{quote(str(doc.get('name')), safe='')}"
        data = {"data": frappe.as_json(doc)}
        return self.post_process(self.session.put(url, data=data, verify=self.verify, headers=self.headers))

    def bulk_update(self, docs: Any) -> Any:
        """Save several documents."""
        return self.post_api("frappe.client.bulk_update", {"docs": frappe.as_json(docs)})

    def delete(self, doctype: str, name: Any) -> Any:
        """Delete a document."""
        return self.post_api("frappe.client.delete", {"doctype": doctype, "name": name})

    def submit(self, doc: Any) -> Any:
        """Submit a document; its values."""
        return self.post_api("frappe.client.submit", {"doc": frappe.as_json(doc)})

    def cancel(self, doctype: str, name: Any) -> Any:
        """Cancel a document; its values."""
        return self.post_api("frappe.client.cancel", {"doctype": doctype, "name": name})

    def set_value(self, doctype: str, docname: Any, fieldname: Any, value: Any) -> Any:
        """Change a field of a document; its values."""
        given = {"doctype": doctype, "name": docname, "fieldname": fieldname, "value": value}
        return self.post_api("frappe.client.set_value", given)

    def rename_doc(self, doctype: str, old_name: Any, new_name: Any) -> Any:
        """Give a document another name."""
        given = {"doctype": doctype, "old_name": old_name, "new_name": new_name}
        return self.post_api("frappe.client.rename_doc", given)

    def get_api(self, method: str, params: Any = None) -> Any:
        """What a function gives that is called by GET."""
        return self._get(f"/api/method/{method}", params)

    def post_api(self, method: str, params: Any = None) -> Any:
        """What a function gives that is called by POST."""
        return self._post(f"/api/method/{method}", params)

    def get_request(self, params: Any) -> Any:
        """What the site answers to GET with these values."""
        return self._get("", params)

    def post_request(self, data: Any) -> Any:
        """What the site answers to POST with these values."""
        return self._post("", data)

    def _get(self, path: str, params: Any) -> Any:
        answer = self.session.get(self.url + path, params=params or {}, verify=self.verify, headers=self.headers)
        return self.post_process(answer)

    def _post(self, path: str, data: Any) -> Any:
        answer = self.session.post(self.url + path, data=data or {}, verify=self.verify, headers=self.headers)
        return self.post_process(answer)

    def post_process(self, response: Any) -> Any:
        """What an answer brings.

        Raises:
            FrappeException: an error.
        """
        try:
            answer = response.json()
        except ValueError:
            response.raise_for_status()
            raise FrappeException(f"{self.url} answered with no JSON") from None
        if answer.get("exc") or response.status_code >= 400:
            raise FrappeException(answer.get("exc") or answer.get("exception") or f"status {response.status_code}")
        return answer["message"] if "message" in answer else answer.get("data")


FrappeOAuth2Client = FrappeClient


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
