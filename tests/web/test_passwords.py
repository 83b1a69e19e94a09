"""Passwords that anyone would try first on this site are refused; others are not."""

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from csat.surveys.models import CsatSettings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = "https://csat.globex-corp.example"
    settings.DEFAULT_FROM_EMAIL = "Initech Support <support@initech.example>"
    CsatSettings.current().change(brand_name="Umbrella")


@pytest.mark.parametrize(
    "password",
    [
        "Globex2026",
        "Initech!2026",
        "Umbrella-99",
        "Umbr3lla2026",
        "Summer2026",
        "Csat-Support1",
        "Welcome@2026",
        "5upp0rt2026",
        "GlobexCSAT1!",
    ],
)
def test_a_name_of_ours_with_a_year_is_no_password(password: str) -> None:
    with pytest.raises(ValidationError, match="product or organisation"):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse",
        "Globex-zebra-canoe",
        "k7mq-w2xd-p9ra",
        "7$9!2k#4@1",
        "summertime-otter",
        "日本語の合言葉です",
    ],
)
def test_others_are_taken(password: str) -> None:
    validate_password(password)
