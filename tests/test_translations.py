"""Every sentence, ours and the libraries', has its words in Traditional Chinese as Taiwan writes it.

Needs no gettext tools: the catalogues are read with polib, and compiled again to compare.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import django
import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from analysis.wording import SUGGESTION_TEXTS, sentence
from tests.conftest import ROOT

OURS = ("vocalborn", "analysis", "tasks_admin")
LIBRARIES = ("unfold", "django_celery_beat", "django_celery_results", "auditlog", "axes")
FOLDERS = ("locale", "locale_libraries")
MESSAGES = Path("zh_Hant", "LC_MESSAGES")

# How many of a function's first arguments are text, and where the message's context stands among them.
FUNCTIONS = {
    f"{name}{suffix}": shape
    for name, shape in {"gettext": (1, None), "ngettext": (2, None), "pgettext": (2, 0), "npgettext": (3, 0)}.items()
    for suffix in ("", "_lazy", "_noop")
}  # fmt: skip

# Words that a reader in Taiwan knows to be written elsewhere.
# fmt: off
MAINLAND = [
    "質量", "信息", "默認", "缺省", "用戶", "文件", "視頻", "音頻", "程序", "服務器", "數據", "登錄",
    "登陸", "賬", "激活", "菜單", "屏幕", "鼠標", "鏈接", "字符", "網絡", "軟件", "硬件", "打印", "緩存",
    "線程", "進程", "隊列", "變量", "異步", "運行", "添加", "保存", "加載", "刷新", "搜索", "採樣",
    "信噪比", "普通話", "反饋", "支持", "設置", "視圖", "優先級", "兼容", "界面", "博客", "智能",
]
# fmt: on


class Message(NamedTuple):
    """What gettext is asked for. Its key in a catalogue is all but the place."""

    context: str | None
    text: str
    plural: str | None
    where: str

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.text


def of_arguments(name: str, strings: list[str], where: str) -> Message:
    texts, context = FUNCTIONS[name]
    given = strings[:texts]
    said = given.pop(context) if context is not None else None
    return Message(said, given[0], given[1] if len(given) > 1 else None, where)


# --- reading code


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of gettext's functions, whatever a file calls them."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = names.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS:
            name = node.func.attr
        if name:
            yield name, node


def in_python(source: str, where: str) -> Iterator[Message]:
    for name, call in calls(source):
        arguments = call.args[: FUNCTIONS[name][0]]
        strings = [each.value for each in arguments if isinstance(each, ast.Constant)]
        if strings and len(strings) == len(arguments) and all(isinstance(each, str) for each in strings):
            yield of_arguments(name, [str(each) for each in strings], where)


def in_template(source: str, where: str) -> Iterator[Message]:
    text = r"""u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
    for call in re.finditer(rf"\b(n?p?gettext|_)\(((?:\s*{text}\s*,?)+)", templatize(source)):
        name = "gettext" if call[1] == "_" else call[1]
        yield of_arguments(name, [ast.literal_eval(each) for each in re.findall(text, call[2])], where)


def unreadable(source: str, where: str) -> Iterator[str]:
    """Texts that are put together before gettext sees them: no catalogue can hold them."""
    for name, call in calls(source):
        for argument in call.args[: FUNCTIONS[name][0]]:
            if isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Call):
                yield f"{where}:{argument.lineno}: {ast.unparse(argument)}"


READERS: dict[str, Callable[[str, str], Iterator[Message]]] = {".py": in_python, ".html": in_template}


def sources(package: Path) -> Iterator[Path]:
    """Code and templates; of a library's optional parts, those that are installed."""
    for path in sorted(package.rglob("*")):
        folders = path.relative_to(package.parent).parts[:-1]
        optional = "contrib" in folders and not apps.is_installed(".".join(folders[:3]))
        if path.suffix in READERS and "migrations" not in folders and not optional:
            yield path


def messages(package: Path) -> list[Message]:
    return [
        message
        for path in sources(package)
        for message in READERS[path.suffix](path.read_text(), str(path.relative_to(package.parent)))
    ]


def library(name: str) -> Path:
    return Path(str(import_module(name).__file__)).parent


# --- reading catalogues


@cache
def catalogue(folder: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "vocalborn" / folder / MESSAGES / "django.po"))


def keys(entries: polib.POFile) -> set[tuple[str | None, str]]:
    return {(entry.msgctxt, entry.msgid) for entry in entries}


@cache
def entries() -> list[polib.POEntry]:
    return [entry for folder in FOLDERS for entry in catalogue(folder)]


def said(entry: polib.POEntry) -> str:
    return entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr


@cache
def known() -> set[tuple[str | None, str]]:
    """What has its words: from us, from Django, or from an app that speaks Traditional Chinese itself."""
    homes = [Path(str(django.__file__)).parent / "conf", *(Path(app.path) for app in apps.get_app_configs())]
    shipped = [home / "locale" / MESSAGES / "django.po" for home in homes]
    return set().union(
        *(keys(catalogue(folder)) for folder in FOLDERS),
        *(keys(polib.pofile(str(path))) for path in shipped if path.exists()),
    )


# --- all of it is there


def test_our_messages_are_in_the_catalogue_and_nothing_else() -> None:
    ours = {each.key: each for package in OURS for each in messages(ROOT / package)}
    held = keys(catalogue("locale"))
    missing = [f"{each.where}: {each.text}" for key, each in ours.items() if key not in held]
    left = [text for context, text in held if (context, text) not in ours]
    assert not missing, "make messages, and translate"
    assert not left, "make messages"


def test_plurals_are_in_the_catalogue_as_plurals() -> None:
    plurals = {
        (each.text, each.plural) for package in OURS for each in messages(ROOT / package) if each.plural
    }
    assert plurals
    assert plurals <= {(entry.msgid, entry.msgid_plural) for entry in catalogue("locale")}


@pytest.mark.parametrize("package", OURS)
def test_no_text_is_put_together_before_it_is_translated(package: str) -> None:
    wrong = [
        line
        for path in sources(ROOT / package)
        if path.suffix == ".py"
        for line in unreadable(path.read_text(), str(path.relative_to(ROOT)))
    ]
    assert not wrong, "translate the text with %(name)s in it, then put the figures in"


@pytest.mark.parametrize("name", LIBRARIES)
def test_what_a_library_says_in_the_admin_is_translated(name: str) -> None:
    found = messages(library(name))
    assert found
    assert not sorted({each.text for each in found if each.key not in known()})


@pytest.mark.parametrize("name", ["django_celery_beat", "django_celery_results"])
def test_what_a_library_has_in_simplified_characters_is_translated(name: str) -> None:
    shipped = library(name) / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    assert not sorted(text for context, text in keys(polib.pofile(str(shipped))) - known())


# --- each is fit to be read


def test_a_catalogue_is_compiled() -> None:
    for folder in FOLDERS:
        compiled = ROOT / "vocalborn" / folder / MESSAGES / "django.mo"
        assert compiled.read_bytes() == catalogue(folder).to_binary(), f"{folder}: make messages"


def test_a_catalogue_counts_as_chinese_does() -> None:
    for folder in FOLDERS:
        assert catalogue(folder).metadata["Plural-Forms"] == "nplurals=1; plural=0;"
        assert catalogue(folder).metadata["Language"] == "zh_Hant"


def test_nothing_is_empty_or_doubtful() -> None:
    assert not [entry.msgid for entry in entries() if not said(entry) or entry.fuzzy or entry.obsolete]
    assert not [entry.msgid for entry in entries() if entry.msgid_plural and set(entry.msgstr_plural) != {0}]


# Figures, Rich's markup, HTML's tags.
PARTS = re.compile(r"%%|%\(\w+\)[sdf]|%[sdf]|\[/?[a-z]*\]|</?\w+[^>]*>")
FIELDS = re.compile(r"\{\w*(?::\w)?\}")
# "{0} task{1} {2} ..." is an English plural put together from pieces.
PIECES = {"{0} task{1} {2} successfully run", "{0} task{1} {2} successfully {3}"}


def test_a_translation_has_the_same_figures_and_markup() -> None:
    for entry in entries():
        for text in filter(None, (entry.msgid, entry.msgid_plural)):
            assert sorted(PARTS.findall(text)) == sorted(PARTS.findall(said(entry))), text
            if text not in PIECES:
                assert sorted(FIELDS.findall(text)) == sorted(FIELDS.findall(said(entry))), text
            ends = [(each[:1] == "\n", each[-1:] == "\n") for each in (text, said(entry))]
            assert ends[0] == ends[1], text


def test_no_word_from_elsewhere() -> None:
    found = [(word, said(entry)) for entry in entries() for word in MAINLAND if word in said(entry)]
    assert not found


def test_every_character_is_written_in_taiwan() -> None:
    """Big5 holds Taiwan's characters and hardly a simplified one."""
    for entry in entries():
        for character in re.findall(r"[\u3400-\u9fff]", said(entry)):
            try:
                character.encode("cp950")
            except UnicodeEncodeError:
                pytest.fail(f"{character} in {said(entry)}")


def test_people_are_addressed_politely_and_punctuation_is_full_width() -> None:
    assert not [said(entry) for entry in entries() if "你" in said(entry)]
    narrow = re.compile(r"[\u4e00-\u9fff][,.:;?!()]|[,:;?!()][\u4e00-\u9fff]")
    # Django's pluralize splits this one at its comma.
    assert [said(entry) for entry in entries() if narrow.search(said(entry))] == ["已,已"]


def test_a_word_is_not_said_in_two_ways() -> None:
    """Ours come first where a library has the same message."""
    libraries = {(entry.msgctxt, entry.msgid): said(entry) for entry in catalogue("locale_libraries")}
    for entry in catalogue("locale"):
        assert libraries.get((entry.msgctxt, entry.msgid), said(entry)) == said(entry)


# --- and it is what a reader sees


def test_the_catalogues_are_read() -> None:
    assert [Path(path).name for path in settings.LOCALE_PATHS] == list(FOLDERS)


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("queued", "排隊中"),
        ("patient", "個案"),
        ("practice recording", "練習錄音"),
        ("analysis job", "分析工作"),
        ("Reset filters", "重設篩選條件"),
        ("periodic task", "定時任務"),
        ("task result", "任務結果"),
        ("Designates whether the user can log into this admin site.", "指定使用者是否可以登入此管理網站。"),
    ],
)
def test_a_reader_sees_chinese_or_english(text: str, chinese: str) -> None:
    with translation.override("zh-hant"):
        assert translation.gettext(text) == chinese
    with translation.override("en"):
        assert translation.gettext(text) == text


def test_a_count_is_said() -> None:
    with translation.override("zh-hant"):
        for count in (1, 3):
            said = translation.ngettext("%(count)d job is cancelled.", "%(count)d jobs are cancelled.", count)
            assert said % {"count": count} == f"已取消 {count} 件工作。"


def test_a_suggestion_is_said_with_its_figures() -> None:
    with translation.override("zh-hant"):
        said = sentence(SUGGESTION_TEXTS, "shorten_pauses", {"pauses": 3, "longest_seconds": 0.8})
    assert said == "請縮短句中的停頓：共 3 次，最長 0.8 秒。"


# --- the readers above read


def test_code_is_read() -> None:
    code = (
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext as p\n"
        "_('one' ' text'); ngettext('a', 'b', n); p('where', 'what'); _(name); _score('other'); _(f'{x}'); _('a' + b)"
    )
    assert [each[:3] for each in in_python(code, "")] == [
        (None, "one text", None), (None, "a", "b"), ("where", "what", None),
    ]  # fmt: skip
    assert list(unreadable(code, "x")) == ["x:2: f'{x}'", "x:2: 'a' + b"]


def test_templates_are_read() -> None:
    template = (
        """{% load i18n %}{% translate "it's" %}{{ _("there") }}{% translate "may" context "month" %}"""
        "{% blocktranslate count n=x %}one{% plural %}{{ n }} things{% endblocktranslate %}"
    )
    assert {each[:3] for each in in_template(template, "")} == {
        (None, "it's", None), (None, "there", None), ("month", "may", None), (None, "one", "%(n)s things"),
    }  # fmt: skip


# --- the document


def document(name: str) -> tuple[list[str], set[str], list[str]]:
    """Its headings' levels, what it quotes, and its commands without their comments."""
    text = (ROOT / name).read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    commands = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return re.findall(r"^#+", prose, re.MULTILINE), set(re.findall(r"`([^`]+)`", prose)), commands


def test_the_chinese_readme_says_the_same() -> None:
    english, chinese = document("README.md"), document("README.zh-TW.md")
    assert english[0] == chinese[0]
    assert english[1] == chinese[1]
    assert english[2] == chinese[2]
