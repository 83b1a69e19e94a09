"""What a connection was told to do."""

from dataclasses import replace

import pytest
from django.utils import timezone

from csat.connectors import registry, rules
from csat.connectors.changes import Change, ChangeType
from csat.connectors.rules import Rules
from csat.lib.refusal import Invalid
from csat.people import brands
from csat.timeline.recording import SYSTEM

CHANGE = Change("42", timezone.now(), status="Solved", channel="web", inbox="3")


@pytest.fixture
def of(fake_system):
    return lambda **stored: Rules.of(fake_system, stored)


class TestStatuses:
    def test_the_systems_own_words_mean_resolved_in_any_case_of_letters(self, of):
        assert of().status_of(CHANGE) == "closed_resolved"
        assert of().status_of(replace(CHANGE, status="SPAM")) == "closed_unresolved"

    def test_chosen_words_replace_them(self, of):
        assert of(resolved=["Done"]).status_of(replace(CHANGE, status="done")) == "closed_resolved"
        assert of(resolved=["Done"]).status_of(CHANGE) == "open"

    def test_what_is_merged_or_deleted_is_closed_whatever_its_status(self, of):
        for type in (ChangeType.MERGED, ChangeType.DELETED):
            assert of().status_of(replace(CHANGE, type=type)) == "closed_unresolved"

    def test_our_own_words_may_be_mapped_to(self, of):
        assert of().status_of(replace(CHANGE, status="closed_resolved")) == "closed_resolved"

    def test_an_event_that_tells_no_status_changes_none(self, of):
        assert of().status_of(replace(CHANGE, status="")) is None


class TestChannelsAndInboxes:
    def test_an_inbox_may_stand_for_a_channel(self, of):
        assert of().channel_of(CHANGE) == "web"
        assert of(channels={"3": "whatsapp"}).channel_of(CHANGE) == "whatsapp"
        assert of().channel_of(replace(CHANGE, channel="pigeon")) == "api"

    def test_all_inboxes_count_until_some_are_chosen(self, of):
        assert of().counts(CHANGE)
        assert not of(inboxes=["4"]).counts(CHANGE)
        assert of(inboxes=["4"]).counts(replace(CHANGE, inbox=""))


def test_notes_and_fields_are_written_back_unless_it_says_otherwise(of, fake_system):
    assert (of().note, of().fields, of().tag, of().send) == (True, True, False, False)
    stored = of(write_back={"note": False, "tag": True}, send=True)
    assert (stored.note, stored.fields, stored.tag, stored.send) == (False, True, True, True)
    assert rules.default_writes(fake_system) == {"note": True, "fields": True, "tag": False}


class TestCleaning:
    def test_what_is_given_replaces_what_is_stored_name_by_name(self, fake_system):
        stored = rules.clean(fake_system, {"resolved": ["Done "], "send": True})
        assert stored == {"resolved": ["Done"], "send": True}
        assert rules.clean(fake_system, {"send": False}, stored) == {"resolved": ["Done"], "send": False}

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"resolved": "Done"}, "rules.resolved"),
            ({"channels": {"3": "pigeon"}}, "rules.channels"),
            ({"channels": ["3"]}, "rules.channels"),
            ({"write_back": {"fax": True}}, "rules.write_back"),
            ({"write_back": {"note": "yes"}}, "rules.write_back"),
            ({"send": 1}, "rules.send"),
            ({"language": "theirs"}, "rules.language"),
            ({"agents": ["email"]}, "rules.agents"),
            ({"inboxes": [1] * 300}, "rules.inboxes"),
            ({"mapping": "none"}, "rules.mapping"),
            ({"colour": "red"}, "rules"),
            (["note"], "rules"),
        ],
    )
    def test_what_is_wrong_is_named_by_its_field(self, fake_system, given, field):
        with pytest.raises(Invalid) as refused:
            rules.clean(fake_system, given)
        assert list(refused.value.fields) == [field]

    def test_a_mapping_is_for_systems_that_are_read_by_one(self, fake_system):
        with pytest.raises(Invalid) as refused:
            rules.clean(fake_system, {"mapping": {"rows": []}})
        assert "takes no mapping" in refused.value.fields["rules.mapping"][0]

    def test_each_row_of_a_mapping_that_is_wrong_is_named(self):
        wrong = {"rows": [{"to": "external_id", "path": "id"}, {"to": "colour", "path": "a..b"}]}
        with pytest.raises(Invalid) as refused:
            rules.clean(registry.get("generic"), {"mapping": wrong})
        assert sorted(refused.value.fields) == ["rules.mapping.rows.1.path", "rules.mapping.rows.1.to"]

    def test_a_help_desk_that_cannot_send_is_not_told_to(self, fake_system):
        fake_system.can_send = False
        with pytest.raises(Invalid) as refused:
            rules.clean(fake_system, {"send": True})
        assert "Fake Desk cannot send" in refused.value.fields["rules.send"][0]


@pytest.mark.django_db
class TestBrands:
    @pytest.fixture(autouse=True)
    def _two(self):
        for slug in ("zebra", "giraffe"):
            brands.create(by=SYSTEM, slug=slug, name=slug.title())

    def test_that_of_the_inbox_comes_before_that_of_the_connection(self, of):
        chosen = of(brand="zebra", brands={"3": "giraffe"})
        assert chosen.brand_of(CHANGE)["brand"].slug == "giraffe"
        assert chosen.brand_of(replace(CHANGE, inbox="4"))["brand"].slug == "zebra"
        assert of(brand="zebra", brands={"3": "default"}).brand_of(CHANGE)["brand"] is None
        assert of().brand_of(CHANGE) == {}

    def test_an_archived_one_is_given_to_nobody(self, of):
        brands.archive(brands.find("zebra"), by=SYSTEM)
        assert of(brand="zebra").brand_of(CHANGE) == {}

    def test_they_are_checked_and_kept(self, fake_system):
        given = {"brand": "zebra", "brands": {" 3 ": "giraffe", "4": ""}}
        assert rules.clean(fake_system, given) == {"brand": "zebra", "brands": {"3": "giraffe"}}
        for wrong in ({"brand": "okapi"}, {"brand": 5}, {"brands": {"3": "okapi"}}, {"brands": ["zebra"]}):
            with pytest.raises(Invalid) as refused:
                rules.clean(fake_system, wrong)
            assert [*refused.value.fields] == [f"rules.{name}" for name in wrong]
