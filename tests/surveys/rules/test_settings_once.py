"""A setting is written once, on the model: every door has its words and limits from there."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib import admin as site
from django.db.models import Field
from django.test import Client, RequestFactory

from csat.api.serializers.settings import SettingsShape
from csat.people import roles
from csat.surveys.models import MESSAGE_MAX_LENGTH, CsatSettings
from csat.surveys.rules import settings
from csat.web.settings.csat_form import SettingsForm
from csat.web.settings.csat_texts import FURTHER, IN_OTHER_SECTIONS
from tests.admin.test_surveys import RULES
from tests.admin.test_surveys import as_it_is as as_the_admin_has_it
from tests.api.conftest import Machine, machine
from tests.factories import API
from tests.web.settings.test_csat import PAGE, as_it_is

ROOT = Path(project.BASE_DIR)
MODEL = ROOT / "csat/surveys/models.py"
DOORS = [
    ROOT / "csat/surveys/rules/settings.py",
    ROOT / "csat/api/serializers/settings.py",
    ROOT / "csat/api/views/settings.py",
    ROOT / "csat/admin/csat_settings.py",
    ROOT / "templates/settings/_csat.html",
    *(ROOT / "csat/web/settings").glob("csat*.py"),
]
ON_A_PAGE_OF_ITS_OWN = {"retention"}
FIELDS: list["Field[Any, Any]"] = [
    field for field in CsatSettings._meta.fields if field.editable and not field.primary_key
]


@pytest.fixture
def api(db: Any) -> Machine:
    return machine()


@pytest.fixture(autouse=True)
def _row(db: Any) -> None:
    roles.sync()
    CsatSettings.current()


@pytest.mark.slow
def test_one_more_field_on_the_model_is_on_the_screen_in_the_api_and_in_the_admin():
    ran = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider",
            "--nomigrations", "--create-db",
            "-p", "tests.surveys.rules.one_more_setting", "tests/surveys/rules/with_one_more_setting.py",
        ],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": "sqlite://:memory:", "REDIS_URL": "", "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_door_has_the_words_of_the_model(field: "Field[Any, Any]", admin_user: Any) -> None:
    label, help_text = str(field.verbose_name), str(field.help_text)
    assert label[0].isupper()
    assert label != field.name.replace("_", " ")
    assert help_text
    on_screen = SettingsForm(instance=CsatSettings.current())
    on_screen.fields |= {name: field.formfield() for name in ON_A_PAGE_OF_ITS_OWN}
    in_admin = _admin_form(admin_user).base_fields[field.name]
    assert str(in_admin.label).startswith(label)
    assert str(in_admin.help_text).startswith(help_text)
    if field.name == "custom_message":  # a box for each language
        assert on_screen.fields["message_default"].help_text == help_text
    else:
        assert (on_screen.fields[field.name].label, on_screen.fields[field.name].help_text) == (
            label,
            help_text,
        )
    described = _described(field.name)
    assert (described.label, described.help_text) == (label, help_text)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_api_describes_the_limits_of_the_model(field: "Field[Any, Any]") -> None:
    described = _described(field.name)
    for validator in field.validators:
        limit = getattr(validator, "limit_value", None)
        if validator.__class__.__name__ == "MaxValueValidator" and not field.choices:
            assert described.max_value <= limit
        if validator.__class__.__name__ == "MinValueValidator" and not field.choices:
            assert described.min_value >= limit
        if (
            validator.__class__.__name__ == "MaxLengthValidator"
            and not field.choices
            and field.name != "brand_logo"
        ):
            assert described.max_length == limit
    if field.choices:
        assert list(described.choices) == [choice for choice, _label in field.flatchoices]


def test_every_setting_has_its_place_on_the_screen(manager: Client) -> None:
    page = manager.get(PAGE).content.decode()
    page_of_its_own = manager.get("/settings/retention/").content.decode()
    for field in FIELDS:
        if field.name in ON_A_PAGE_OF_ITS_OWN:
            assert str(field.verbose_name) in page_of_its_own
            assert str(field.help_text) in page_of_its_own
            continue
        assert f'name="{"message_default" if field.name == "custom_message" else field.name}"' in page
        assert str(field.verbose_name) in page
    placed = IN_OTHER_SECTIONS | {name for _title, names in FURTHER for name in names} | {"custom_message"}
    assert placed == {field.name for field in FIELDS}


def test_no_other_file_says_what_the_model_says() -> None:
    files = [path for folder in ("csat", "templates", "docs") for path in (ROOT / folder).rglob("*.*")]
    read = {
        path: path.read_text() for path in files if path.suffix in (".py", ".html", ".md") and path != MODEL
    }
    for field in FIELDS:
        words, label = str(field.help_text), str(field.verbose_name)
        assert not [path for path, text in read.items() if words in text], words
        if len(label.split()) > 2:  # shorter ones, such as "Name", are words of the language
            assert not [path for path, text in read.items() if label in text], label
        assert not [path for path in DOORS if re.search(rf"""["'>]{re.escape(label)}["'<]""", read[path])], (
            label
        )
    assert not [
        path for path in DOORS if re.search(r"max_(value|length)\s*=\s*\d|min_value\s*=\s*\d", read[path])
    ]


class TestOneLimitForTheMessage:
    @pytest.mark.parametrize(
        "text",
        ["x" * MESSAGE_MAX_LENGTH, "ab\n" * (MESSAGE_MAX_LENGTH // 3) + "x"],
        ids=["one line", "many lines"],
    )
    def test_the_longest_message_taken_by_the_api_does_not_lock_the_screen(
        self, manager: Client, api: Machine, text: str
    ) -> None:
        assert api.patch("/csat/settings", {"custom_message": {"de": text}}).status_code == 200
        posted = as_it_is(message_de=text.replace("\n", "\r\n"), link_days="14")  # as browsers send it
        assert manager.post(PAGE, posted).status_code == 302
        assert CsatSettings.current().link_days == 14
        assert CsatSettings.current().custom_message == {"de": text}

    def test_one_more_character_is_refused_by_every_door_in_the_same_words(
        self, manager: Client, api: Machine
    ) -> None:
        text = "x" * (MESSAGE_MAX_LENGTH + 1)
        in_api = api.patch("/csat/settings", {"custom_message": {"de": text}}).json()["fields"][
            "custom_message"
        ]
        on_screen = manager.post(PAGE, as_it_is(message_de=text)).context["form"]
        in_admin = (
            manager.post(RULES, as_the_admin_has_it(custom_message=f'{{"de": "{text}"}}'))
            .context["adminform"]
            .form
        )
        assert in_api == on_screen.errors["message_de"] == in_admin.errors["custom_message"]
        assert _described("custom_message").child.max_length == MESSAGE_MAX_LENGTH


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("contact_cap_days", "3651"),
        ("sample_percent", "101"),
        ("sample_percent", "-1"),
        ("reminder_days", "seven"),
        ("reminder_days", ""),
        ("link_days", "0"),
        ("delay_seconds", "7"),
        ("ticketing_system", "abacus"),
        ("brand_name", ""),
        ("brand_name", "x" * 81),
        ("brand_color", "red"),
        ("reply_to", "nobody"),
    ],
)
def test_every_door_refuses_in_the_same_words(manager: Client, api: Machine, name: str, typed: str) -> None:
    in_api = api.patch("/csat/settings", {name: typed}).json()["fields"]
    on_screen = manager.post(PAGE, as_it_is(**{name: typed})).context["form"].errors
    in_admin = manager.post(RULES, as_the_admin_has_it(**{name: typed})).context["adminform"].form.errors
    assert list(in_api) == list(on_screen) == list(in_admin) == [name]
    assert " ".join(in_api[name]) == " ".join(on_screen[name]) == " ".join(in_admin[name])


@pytest.mark.parametrize(("start", "end"), [("21:00", None), ("25:00", "08:00"), ("08:00", "08:00")])
def test_quiet_hours_are_refused_in_the_same_words(
    manager: Client, api: Machine, start: str, end: str | None
) -> None:
    in_api = api.patch("/csat/settings", {"quiet_hours": {"start": start, "end": end}}).json()["fields"][
        "quiet_hours"
    ]
    typed = {"quiet_start": start, "quiet_end": end or ""}
    assert in_api[0] in manager.post(PAGE, as_it_is(**typed)).context["form"].errors["quiet_start"]
    assert (
        in_api[0]
        in manager.post(RULES, as_the_admin_has_it(**typed)).context["adminform"].form.errors["quiet_start"]
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("custom_message", None),
        ("custom_message", []),
        ("custom_message", ""),
        ("languages", None),
        ("languages", {}),
        ("languages", ""),
        ("quiet_hours", {}),
        ("quiet_hours", {"start": None, "end": None}),
        ("quiet_hours", {"start": "", "end": ""}),
        ("quiet_hours", {"start": 21, "end": 8}),
    ],
)
def test_nothing_of_the_wrong_kind_is_taken_for_an_empty_setting(api: Machine, name: str, value: Any) -> None:
    settings.change(
        by=API,
        custom_message={"de": "Hallo"},
        languages=["de"],
        quiet_hours={"start": "21:00", "end": "08:00"},
    )
    before = settings.as_dict()
    answer = api.patch("/csat/settings", {name: value})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [name])
    assert settings.as_dict() == before


def _admin_form(user: Any) -> Any:
    request = RequestFactory().get(RULES)
    request.user = user
    return site.site.get_model_admin(CsatSettings).get_form(request, CsatSettings.current())


def _described(name: str) -> Any:
    fields: dict[str, Any] = SettingsShape().fields
    if name in settings.QUIET:
        return fields["quiet_hours"].fields[name.removeprefix("quiet_")]
    for score, of_score in settings.FOLLOW_UP.items():
        if name == of_score:
            return fields["follow_up_hours"].fields[score]
    return fields[name]
