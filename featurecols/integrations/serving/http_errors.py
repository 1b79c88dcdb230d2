"""Errors as answers: a status, a code of TensorFlow Serving, and JSON with the field and the row at fault."""

from __future__ import annotations

from collections.abc import Mapping

from featurecols import errors

CODES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class HttpError(Exception):
    """A request that is refused.

    Attributes:
        status: of HTTP.
        message: what is wrong, and the way out.
        field: key of the raw field, or None.
        row: number of the row in the request, from 0, or None.
        headers: of the answer, beside those of every answer.
        close: whether the connection ends with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        field: str | None = None,
        row: int | None = None,
        headers: Mapping[str, str] | None = None,
        close: bool = False,
    ) -> None:
        self.status, self.message, self.field, self.row = status, message, field, row
        self.headers, self.close = dict(headers or {}), close
        super().__init__(message)

    def body(self) -> dict[str, object]:
        """Return the answer as JSON data; `error` is the text, as TensorFlow Serving has it."""
        found: dict[str, object] = {"error": self.message, "code": CODES[self.status]}
        if self.field is not None:
            found["field"] = self.field
        if self.row is not None:
            found["row"] = self.row
        return found


def bad_request(
    subject: str, problem: str, got: object, hint: str, *, field: str | None = None, row: int | None = None
) -> HttpError:
    """Return the error of a request that says nothing that can be answered: 400."""
    where = "" if row is None else f" at row {row}"
    return HttpError(400, f"{subject}: {problem}{where}, got {errors.show(got)}; {hint}", field=field, row=row)


def of_error(error: BaseException) -> HttpError | None:
    """Return the answer that an error of the package is; None for an error that is a fault of the server."""
    if isinstance(error, errors.DataError):
        return HttpError(400, str(error), field=error.field, row=error.row)
    if isinstance(error, errors.SizeError):
        return HttpError(413, str(error))
    return error if isinstance(error, HttpError) else None
