"""The builder's whole path in a real browser: from an example to the log of a run that a rating started."""

import contextlib
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Error, Page, Route, expect

from csat.surveys.answers import answering
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.workflows import actions, editing, running
from csat.workflows.models import Trigger, Workflow
from tests.browser.conftest import PHONE
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_an_example_to_the_log_of_its_run(
    open_as: Callable[..., Page], manager_user: User, shoot: Callable[[Page, str], None]
) -> None:
    page = open_as(manager_user, "/workflows/")
    page.get_by_role("button", name="Add Low score: notify the supervisor and reopen").click()
    expect(page.locator("#sentence")).to_contain_text("if Score is lower than 3")

    # open, because nobody reads what is sent to an example
    page.get_by_label("To", exact=True).fill("boss@acme.example")
    page.get_by_role("button", name="Save step").click()
    expect(page.locator("#sentence")).to_contain_text("Notify boss@acme.example")

    page.locator("#builder > .steps > .add-step select").select_option("branch")
    page.locator("#builder > .steps > .add-step button").click()
    branch = page.locator("#step-branch")
    expect(branch).to_contain_text("A branch needs a condition.")
    branch.get_by_role("button", name="Add condition", exact=True).click()
    branch.get_by_label("Comparison").select_option("at_most")
    expect(branch).to_contain_text("If Score is at most 3")
    branch.get_by_label("Value").fill("1")
    branch.get_by_label("Value").press("Tab")
    expect(branch).to_contain_text("If Score is at most 1")
    branch.locator(".side").first.locator("select[name=type]").select_option("add_tag")
    branch.locator(".side").first.get_by_role("button", name="Add step").click()
    tag = page.locator("#step-add_tag")
    tag.get_by_label("Tag").fill("furious")
    tag.get_by_role("button", name="Save step").click()
    expect(page.locator("#sentence")).to_contain_text("Add the tag “furious”")
    shoot(page, "workflow-builder")

    page.get_by_role("button", name="Activate").click()
    expect(page.locator("#builder")).to_contain_text("version 1 active")

    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="nobody called", source="page")
    while dispatching.fan_out() + running.run_due():
        pass
    page.get_by_role("link", name="Runs", exact=True).click()
    page.locator("a.row").first.click()
    expect(page.locator("#run")).to_contain_text("Succeeded")
    page.get_by_text("Notify boss@acme.example by email").click()
    expect(page.locator("#run")).to_contain_text("nobody called")
    assert survey.session.tags.filter(name="furious").exists()
    shoot(page, "workflow-run")


def test_the_builder_fits_a_phone_and_works_by_keyboard(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, "/workflows/", viewport=PHONE)
    page.get_by_role("button", name="New workflow").focus()
    page.keyboard.press("Enter")
    page.locator(".add-step select").select_option("add_tag")
    page.get_by_role("button", name="Add step").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Tag", exact=True).fill("vip")
    page.keyboard.press("Enter")
    expect(page.locator("#sentence")).to_contain_text("Add the tag “vip”")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert Workflow.objects.get().latest.blocks[0]["params"] == {"tag": "vip"}


FILLED = {  # what is typed into each kind of step, and the sentence that then explains it
    "send_csat_request": ({"Channel": "sms"}, "Send a CSAT request by SMS"),
    "generate_csat_link": ({}, "Generate CSAT Link"),
    "get_csat_score": ({}, "Get CSAT Score"),
    "branch": ({}, "If Score is lower than 3"),
    "reopen_session": ({}, "Reopen the conversation"),
    "notify": (
        {"By": "slack", "To": "C024BE91L", "Message": "Look at #{ticket_number}"},
        "Notify C024BE91L by Slack",
    ),
    "send_message": ({"Message": "We look into it"}, "Write to the customer: “We look into it”"),
    "add_tag": ({"Tag": "vip"}, "Add the tag “vip”"),
    "assign": ({"Team": "Care"}, "Assign to Care"),
    "note": ({"Note": "Called back"}, "Write the note “Called back”"),
    "wait": ({"Duration": "2", "Unit": "3600"}, "Wait 2 hours"),
    "http_request": (
        {"Method": "PUT", "URL": "https://93.184.216.34/hook"},
        "Call PUT https://93.184.216.34/hook",
    ),
    "stop": ({}, "Stop"),
}


def test_every_kind_of_step_is_added_filled_and_told_in_a_sentence(
    open_as: Callable[..., Page], manager_user: User, shoot: Callable[[Page, str], None]
) -> None:
    assert set(FILLED) == set(actions.TYPES)
    page = open_as(manager_user, "/workflows/")
    page.get_by_role("button", name="New workflow").click()
    for kind, (fields, words) in FILLED.items():
        page.locator("#type--then").select_option(kind)
        page.locator("#add--then").click()
        step = page.locator(f"#step-{kind}")
        if kind == "branch":
            step.get_by_role("button", name="Add condition", exact=True).click()
        for label, value in fields.items():
            field = step.get_by_label(re.compile(rf"^\s*{label}(\s|$)"))
            field.select_option(value) if field.evaluate("one => one.tagName") == "SELECT" else field.fill(
                value
            )
        if fields:
            step.get_by_role("button", name="Save step").click()
        expect(page.locator("#sentence")).to_contain_text(words)
        expect(step.locator("summary").first).to_contain_text(words)
    shoot(page, "workflow-every-step")
    expect(page.locator("#builder")).not_to_contain_text("to mend")
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("#builder")).to_contain_text("version 1 active")
    assert [block["type"] for block in Workflow.objects.get().latest.blocks] == list(FILLED)


def new_workflow(page: Page) -> None:
    with page.expect_navigation():  # until its scripts are there: without them a choice is sent by a button
        page.get_by_role("button", name="New workflow").click()


def test_every_trigger_can_be_chosen_and_opens_the_sentence(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, "/workflows/")
    new_workflow(page)
    for value, label in Trigger.choices:
        page.get_by_label("Trigger").select_option(value)
        expect(page.locator("#sentence")).to_contain_text(f"When {str(label)[:1].lower()}{str(label)[1:]}")
    assert Workflow.objects.get().latest.trigger_type == Trigger.values[-1]


def hold_answers(page: Page) -> tuple[list[Route], Callable[[], None]]:
    """The requests of the builder that wait for us, and what lets all of them go on and stops waiting."""
    held: list[Route] = []

    def let_go() -> None:
        page.unroute("**/edit/")
        for route in held:
            with contextlib.suppress(Error):  # one that a newer one has replaced
                route.continue_()

    page.route("**/edit/", lambda route: held.append(route))
    return held, let_go


def wait_for(page: Page, held: list[Route], number: int) -> None:
    for _ in range(200):
        if len(held) == number:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{len(held)} requests, not {number}")


def test_the_second_of_two_quick_choices_wins(open_as: Callable[..., Page], manager_user: User) -> None:
    page = open_as(manager_user, "/workflows/")
    new_workflow(page)
    held, let_go = hold_answers(page)
    page.get_by_label("Trigger").select_option(Trigger.RESOLVED)
    wait_for(page, held, 1)
    page.get_by_label("Trigger").select_option(Trigger.TAGGED)
    wait_for(page, held, 2)
    let_go()
    expect(page.locator("#sentence")).to_contain_text("When a tag is added")
    expect(page.get_by_label("Trigger")).to_have_value(Trigger.TAGGED)


def test_a_choice_elsewhere_does_not_take_back_the_one_still_on_its_way(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, "/workflows/")
    new_workflow(page)
    page.locator("#row-").click()
    expect(page.locator("#sentence")).to_contain_text("if Score is lower than 3")
    held, let_go = hold_answers(page)
    page.get_by_label("Trigger").select_option(Trigger.REQUESTED)
    wait_for(page, held, 1)
    page.get_by_label("Comparison").select_option("at_most")
    wait_for(page, held, 2)
    let_go()
    expect(page.locator("#sentence")).to_contain_text("When a survey is requested, if Score is at most 3")
    written = Workflow.objects.get().latest
    assert (written.trigger_type, written.trigger_constraints) == (
        Trigger.REQUESTED,
        {"<=": [{"var": "csat.score"}, 3]},
    )


def test_what_is_typed_in_a_step_outlives_the_answer_to_something_else(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, "/workflows/")
    new_workflow(page)
    page.locator("#type--then").select_option("add_tag")
    page.locator("#add--then").click()
    page.locator("#add_tag-tag").fill("vip")
    page.get_by_role("button", name="Save step").click()
    expect(page.locator("#sentence")).to_contain_text("Add the tag “vip”")
    held, let_go = hold_answers(page)
    page.get_by_label("Trigger").select_option(Trigger.RESOLVED)
    wait_for(page, held, 1)
    page.locator("#add_tag-tag").fill("very important")
    let_go()
    expect(page.locator("#sentence")).to_contain_text("When a conversation is closed")
    expect(page.locator("#add_tag-tag")).to_be_visible()
    expect(page.locator("#add_tag-tag")).to_have_value("very important")
    expect(page.locator("#add_tag-tag")).to_be_focused()
    page.get_by_role("button", name="Save step").click()
    expect(page.locator("#sentence")).to_contain_text("Add the tag “very important”")


def tab_to(page: Page, identity: str) -> None:
    """Tab, and nothing else, until this element has the focus."""
    for _ in range(80):
        if page.evaluate("document.activeElement.id") == identity:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"#{identity} cannot be reached by Tab")


def has_focus(page: Page, identity: str) -> None:
    page.wait_for_function("id => document.activeElement.id === id", arg=identity)


def test_a_workflow_is_built_by_keyboard_alone_and_the_focus_is_never_lost(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, "/workflows/")
    page.get_by_role("button", name="New workflow").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#builder")
    tab_to(page, "row-")
    page.keyboard.press("Enter")
    expect(page.locator("#sentence")).to_contain_text("if Score is lower than 3")
    has_focus(page, "row-")
    page.keyboard.press("Shift+Tab")  # the cross of the row
    page.keyboard.press("Shift+Tab")
    has_focus(page, "value--0")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")  # "is at most"
    expect(page.locator("#sentence")).to_contain_text("if Score is at most 3")
    has_focus(page, "operator--0")
    tab_to(page, "type--then")
    page.keyboard.type("Add a tag")
    tab_to(page, "add--then")
    page.keyboard.press("Enter")
    has_focus(page, "add_tag-tag")
    page.keyboard.type("furious")
    page.keyboard.press("Enter")
    expect(page.locator("#sentence")).to_contain_text("Add the tag “furious”")
    tab_to(page, "add--then")
    page.keyboard.press("Enter")
    has_focus(page, "send_csat_request-channel")
    written = Workflow.objects.get().latest
    assert written.trigger_constraints == {"<=": [{"var": "csat.score"}, 3]}
    assert written.blocks[0] == {"id": "add_tag", "type": "add_tag", "params": {"tag": "furious"}}


def test_json_that_cannot_be_read_stays_as_typed_at_its_condition(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    made = editing.create(
        name="Rare", by=SYSTEM, trigger_constraints={"<": [{"+": [1, {"var": "csat.score"}]}, 4]}, blocks=[]
    )
    page = open_as(manager_user, f"/workflows/{made.uuid}/")
    field = page.get_by_role("textbox", name="Condition")
    field.fill('{"<": [')
    page.get_by_role("button", name="Save condition").click()
    expect(page.locator(".condition .error")).to_contain_text("This is not valid JSON")
    expect(field).to_have_value('{"<": [')


def test_removing_asks_first(open_as: Callable[..., Page], manager_user: User) -> None:
    made = editing.create(name="Old", by=SYSTEM, blocks=[])
    page = open_as(manager_user, f"/workflows/{made.uuid}/", viewport=PHONE)
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_role("button", name="Delete workflow")).to_be_hidden()
    page.locator(".confirm > summary").click()
    page.get_by_role("button", name="Delete workflow").click()
    page.wait_for_url("**/workflows/")
    assert not Workflow.objects.alive().exists()
