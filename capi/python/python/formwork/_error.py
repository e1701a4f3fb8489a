from __future__ import annotations

from typing import Any


class FormworkError(Exception):
    """Why something failed."""

    def __init__(self, message: str, details: dict[str, Any], http: int) -> None:
        super().__init__(message)
        #: All of it: `kind`, `message`, and as far as known `hint`, `limit`, `input`, `plugin`.
        self.details = details
        #: Whose fault it is, in one word that never changes, as `corrupt_input`.
        self.kind: str = details["kind"]
        #: What to do next.
        self.hint: str | None = details.get("hint")
        #: The limit that was reached.
        self.limit: str | None = details.get("limit")
        #: The status code of HTTP a server may answer with.
        self.http = http

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.details, self.http)
