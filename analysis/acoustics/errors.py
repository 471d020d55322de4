"""The two ways in which an analysis is refused."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.acoustics.codes import UNUSABLE_CODES

Figure = float | int | str


class UnusableRecording(Exception):
    """The recording (or the example) is at fault: the same file fails again, so no retry helps.

    Attributes
    ----------
    code : str
        One of `UNUSABLE_CODES`.
    figures : dict[str, float | int | str]
        What a sentence about it needs, e.g. ``{"seconds": 0.12, "least_seconds": 0.3}``.
    role : str
        ``"recording"`` or ``"example"``: which of the two.
    """

    def __init__(
        self, code: str, figures: Mapping[str, Figure] | None = None, role: str = "recording"
    ) -> None:
        if code not in UNUSABLE_CODES:
            raise ValueError(f"unknown code {code!r}")
        super().__init__(code, dict(figures or {}), role)
        self.code = code
        self.figures: dict[str, Figure] = dict(figures or {})
        self.role = role

    def __str__(self) -> str:
        detail = ", ".join(f"{name}={value}" for name, value in self.figures.items())
        return f"{self.role}: {self.code}" + (f" ({detail})" if detail else "")


class InvalidRequest(ValueError):
    """The caller asked for something that does not exist: the request is at fault, not the sound."""

    def __init__(self, parameter: str, value: object, allowed: object) -> None:
        super().__init__(parameter, value, allowed)
        self.parameter = parameter
        self.value = value
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.parameter}: {self.value!r} is not allowed; allowed: {self.allowed}"
