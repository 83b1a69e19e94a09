import pytest

from csat.workflows import condition_rows, tree
from csat.workflows.condition_rows import Group, Row

LOGIC = [
    {},
    {"<": [{"var": "csat.score"}, 3]},
    {"in": ["vip", {"var": "session.tags"}]},
    {"!": [{"in": ["vip", {"var": "session.tags"}]}]},
    {"!": [{"var": "csat.comment"}]},
    {"!!": [{"var": "csat.comment"}]},
    {"and": [{"<": [{"var": "csat.score"}, 3]}, {"==": [{"var": "session.handed_off"}, True]}]},
    {
        "or": [
            {"==": [{"var": "session.channel"}, "email"]},
            {"and": [{">=": [{"var": "csat.score"}, 4]}, {"!!": [{"var": "csat.comment"}]}]},
        ]
    },
]


@pytest.mark.parametrize("logic", LOGIC)
def test_rows_and_json_logic_convert_both_ways(logic):
    group = condition_rows.from_json_logic(logic)
    assert group is not None
    assert condition_rows.to_json_logic(group) == logic


@pytest.mark.parametrize(
    "logic",
    [
        {"<": [3, {"var": "csat.score"}]},
        {"+": [1, 2]},
        {"<": [{"var": "a"}, {"var": "b"}]},
        {"if": [True, 1, 2]},
    ],
)
def test_what_rows_cannot_express_stays_json(logic):
    assert condition_rows.from_json_logic(logic) is None


def test_an_empty_group_is_left_out():
    assert condition_rows.to_json_logic(Group("and", [Row("csat.score", "lower", 3), Group("or")])) == {
        "<": [{"var": "csat.score"}, 3]
    }


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("csat.score", "3", 3),
        ("csat.score", "2.5", 2.5),
        ("csat.score", "low", None),
        ("session.handed_off", "true", True),
        ("contact.name", "Ana", "Ana"),
    ],
)
def test_typed_text_is_converted_to_the_kind_of_the_field(path, text, value):
    assert condition_rows.parse_value(path, text) == value


def test_steps_are_added_moved_and_removed_at_any_depth():
    blocks, branch = tree.add([], "branch")
    blocks, tag = tree.add(blocks, "add_tag", under=branch, side="else")
    blocks, second = tree.add(blocks, "add_tag", under=branch, side="else")
    assert (tag, second) == ("add_tag", "add_tag_2")
    blocks = tree.move(blocks, second, -1)
    assert [block["id"] for block in blocks[0]["else"]] == [second, tag]
    assert tree.move(blocks, second, -1) == blocks
    blocks = tree.remove(blocks, second)
    assert [block["id"] for block in blocks[0]["else"]] == [tag]
    assert tree.remove(blocks, branch) == []


def test_editing_does_not_change_the_original_tree():
    blocks, _name = tree.add([], "note")
    tree.set_params(blocks, "note", {"text": "x"})
    assert blocks[0]["params"] == {}


def test_short_names_are_offered_like_the_fact_they_mean():
    row = condition_rows.find_field("score")
    assert (row.path, row.kind, row.label) == (
        "score",
        "number",
        condition_rows.find_field("csat.score").label,
    )
    logic = {"<": [{"var": "score"}, 3]}
    group = condition_rows.from_json_logic(logic)
    assert group
    assert condition_rows.to_json_logic(group) == logic
