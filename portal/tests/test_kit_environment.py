"""Reading settings: what is understood, and that the rest is refused by name."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.kit import environment

NAME = "KEPT_TEST_SETTING"


def given(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Set the variable, or take it away."""
    monkeypatch.delenv(f"{NAME}_FILE", raising=False)
    if value is None:
        monkeypatch.delenv(NAME, raising=False)
    else:
        monkeypatch.setenv(NAME, value)


@pytest.mark.parametrize(
    ("value", "read"),
    [("true", True), ("TRUE", True), (" true ", True), ("false", False), ("", True), (None, True)],
)
def test_a_flag_is_true_or_false(
    monkeypatch: pytest.MonkeyPatch, value: str | None, read: bool
) -> None:
    given(monkeypatch, value)
    assert environment.flag(NAME, True) is read


@pytest.mark.parametrize("value", ["1", "0", "yes", "no", "on", "off", "t", "tru", "None"])
def test_a_flag_is_nothing_else(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    given(monkeypatch, value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        environment.flag(NAME, True)


def test_a_number_is_whole_and_not_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, " 7 ")
    assert environment.integer(NAME, 1, minimum=7) == 7
    for value in ("6", "7.0", "seven", "7 8"):
        given(monkeypatch, value)
        with pytest.raises(ImproperlyConfigured, match=NAME):
            environment.integer(NAME, 1, minimum=7)
    given(monkeypatch, "")
    assert environment.integer(NAME, 1) == 1


def test_words_stand_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, " a, b ,,c, ")
    assert environment.words(NAME, []) == ["a", "b", "c"]
    given(monkeypatch, None)
    assert environment.words(NAME, ["x"]) == ["x"]


def test_a_choice_is_one_of_those_named(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "json")
    assert environment.choice(NAME, "console", ("json", "console")) == "json"
    given(monkeypatch, "JSON")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}.*json, console"):
        environment.choice(NAME, "console", ("json", "console"))


def test_a_text_without_default_is_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, None)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is not set"):
        environment.text(NAME)
    assert environment.text(NAME, "x") == "x"


def test_a_secret_may_stand_in_a_file_and_the_variable_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given(monkeypatch, None)
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert environment.text(NAME) == "from the file"
    monkeypatch.setenv(NAME, "from the variable")
    assert environment.text(NAME) == "from the variable"
    monkeypatch.delenv(NAME)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "gone"))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        environment.text(NAME)


@pytest.mark.parametrize(
    "value", ["redis://cache", "redis://:secret@cache:6379/1", "rediss://cache:6380?x=1", ""]
)
def test_an_address_has_a_scheme_that_is_known(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    given(monkeypatch, value)
    assert environment.address(NAME, "", ("redis", "rediss")) == value


@pytest.mark.parametrize("value", ["cache:6379", "redis:cache", "http://cache", "redis://c:port"])
def test_other_addresses_are_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    given(monkeypatch, value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        environment.address(NAME, "", ("redis", "rediss"))


def test_a_refused_address_does_not_tell_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "http://user:secret@cache")
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.address(NAME, "", ("redis",))
    assert "secret" not in str(refused.value)


def test_a_folder_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, str(tmp_path / "a" / "b"))
    assert environment.folder(NAME, "x").is_dir()
    (tmp_path / "file").touch()
    given(monkeypatch, str(tmp_path / "file" / "x"))
    with pytest.raises(ImproperlyConfigured, match=NAME):
        environment.folder(NAME, "x")
