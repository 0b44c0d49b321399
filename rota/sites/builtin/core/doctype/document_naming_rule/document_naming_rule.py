"""How the documents of a DocType are named when conditions hold; see `rota.documents.namingrules`."""

from __future__ import annotations

from rota.documents.document import Document
from rota.documents.values import TO_COLUMN, InvalidValue
from rota.errors import ValidationError


class DocumentNamingRule(Document):
    """A rule. Its counter goes on when anything else about it is changed."""

    document_type: str

    def validate(self) -> None:
        """Refuse conditions that can never be met, and keep what was counted since the rule was read.

        Raises:
            ValidationError: a condition names no field of the DocType, or a value that the field can't have.
        """
        before = self.get_doc_before_save()
        if before is not None:
            self.counter = before.counter
        meta = self.documents.get_meta(self.document_type)
        for row in self.conditions:
            kind = meta.column_kinds.get(row.field)
            if kind is None:
                raise ValidationError(f"{row.field} is not a field of doctype {self.document_type}")
            try:
                TO_COLUMN["sqlite"][kind](row.value)
            except InvalidValue as error:
                raise ValidationError(f"Row #{row.idx}: {row.field} can't be {row.value!r}") from error

    def on_update(self) -> None:
        """Let every process read the rules of the DocType anew."""
        before = self.get_doc_before_save()
        for doctype in {self.document_type, before.document_type if before else self.document_type}:
            self.documents.doctypes.changed(doctype)

    def after_delete(self) -> None:
        """The same."""
        self.documents.doctypes.changed(self.document_type)
