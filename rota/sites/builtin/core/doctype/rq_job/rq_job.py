"""Jobs as documents: a view of the engine's tables, with the actions that Frappe's RQ Job has."""

from __future__ import annotations

import json
from typing import Any

from rota.documents.document import Document
from rota.errors import ValidationError
from rota.sites.context import current
from rota.sites.masking import masked_arguments


class RQJob(Document):
    """A job. Its name is its key; a job can also be opened by its id, which means the newest of that id."""

    def load_from_db(self) -> RQJob:
        """Read the job, with its arguments, secrets hidden.

        Raises:
            DoesNotExistError: there is none.
        """
        site = current().site
        view = site.store.job(str(self.name))
        if view is not None:
            self.name = view.key
        super().load_from_db()
        if view is not None:
            arguments = masked_arguments(view, site.config.mask_keys)
            self.arguments = json.dumps(arguments, indent=1, sort_keys=True, ensure_ascii=False)
        return self

    def cancel(self) -> Any:
        """Cancel a job that waits, or tell one that runs to stop.

        Raises:
            ValidationError: it is over.
        """
        site = current().site
        with site.store.turn() as turn:
            answer = turn.cancel(self.name, f"canceled by {self.documents.user}", self.documents.user)
        if answer == "refused":
            raise ValidationError(f"Job is in {self.status} state and can't be cancelled")
        site.wake_workers()
        return self

    def stop_job(self) -> Any:
        """The same as `cancel`."""
        return self.cancel()

    def delete(self, *_: Any, **__: Any) -> None:
        """Delete a job that is over, with all that is known of it.

        Raises:
            ValidationError: it is not over.
        """
        with current().site.store.turn() as turn:
            if not turn.remove(self.name):
                raise ValidationError(f"Job is in {self.status} state and can't be deleted: cancel it")
