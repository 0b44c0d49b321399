"""What the fields of a document are, for annotations: `status: DF.Literal["Open", "Closed"]`."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Literal

from rota.frappe._missing import missing

Data = Text = str
Autocomplete = Attach = AttachImage = Barcode = Code = Color = DynamicLink = Geolocation = HTMLEditor = Icon = Data
Link = LongText = MarkdownEditor = Password = Phone = ReadOnly = Select = SmallText = Signature = TextEditor = Data
JSON = Data
Check = Int = int
Currency = Float = Percent = Duration = Rating = float
Date = datetime.date | str
Datetime = datetime.datetime | str
Time = datetime.timedelta | str
Table = TableMultiSelect = list

__all__ = ["Data", "Date", "Datetime", "Float", "Int", "Link", "Literal", "Table", "Time"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
