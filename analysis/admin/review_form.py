"""What the result page posts: a verdict for each syllable, a note, and what to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from analysis import reviews
from analysis.models import AnalysisResult, Review, Verdict
from analysis.reviews import LONGEST_NOTE, Words

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACTIONS = ("save", "sign", "sign_next", "reopen")


class ReviewForm(forms.Form):
    """Fields ``verdict_0``, ``verdict_1``, ... are "agree", "disagree" or empty."""

    version = forms.IntegerField(min_value=0)
    action = forms.ChoiceField(choices=[(action, action) for action in ACTIONS])
    note = forms.CharField(required=False, max_length=LONGEST_NOTE)

    def __init__(self, *args: Any, syllables: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for index in range(syllables):
            self.fields[f"verdict_{index}"] = forms.ChoiceField(choices=Verdict.choices, required=False)

    @property
    def goes_on(self) -> bool:
        """Whether the next unreviewed result is asked for."""
        return self._action == "sign_next"

    @property
    def verdicts(self) -> dict[int, str]:
        """By the syllable's index; without those that have none."""
        given = {name: value for name, value in self.cleaned_data.items() if name.startswith("verdict_")}
        return {int(name.removeprefix("verdict_")): value for name, value in given.items() if value}

    def keep(self, user: User, result_id: Any) -> Review:
        """Through the door; raises as it does."""
        version = self.cleaned_data["version"]
        if self._action == "reopen":
            return reviews.reopen(user, result_id, version=version)
        words = Words(self.verdicts, self.cleaned_data["note"])
        return reviews.record(user, result_id, words, version=version, sign=self._action != "save")

    def done(self) -> str:
        """What was done, as a sentence."""
        if self._action == "reopen":
            return _("The signature is taken back.")
        return _("The review is saved.") if self._action == "save" else _("The result is signed off.")

    def first_error(self) -> str:
        """One sentence about what is wrong."""
        return str(next(iter(self.errors.values()))[0])

    @staticmethod
    def in_words(verdicts: Mapping[Any, str], result: AnalysisResult) -> list[tuple[str, str]]:
        """Syllables and what is said to each."""
        found = [(int(index), said) for index, said in verdicts.items()]
        return [(result.syllables[index]["text"], str(Verdict(said).label)) for index, said in sorted(found)]

    @property
    def _action(self) -> str:
        return str(self.cleaned_data.get("action", ""))
