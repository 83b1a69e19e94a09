import pytest

from csat.workflows import rows, tree
from csat.workflows.rows import Group, Row

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
def test_rows_and_logic_say_the_same(logic):
    group = rows.read(logic)
    assert group is not None
    assert rows.write(group) == logic


@pytest.mark.parametrize(
    "logic", [{"<": [3, {"var": "csat.score"}]}, {"+": [1, 2]}, {"<": [{"var": "a"}, {"var": "b"}]}, {"if": [True, 1, 2]}]
)
def test_what_rows_cannot_say_stays_json(logic):
    assert rows.read(logic) is None


def test_an_empty_group_inside_says_nothing():
    assert rows.write(Group("and", [Row("csat.score", "lower", 3), Group("or")])) == {"<": [{"var": "csat.score"}, 3]}


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
def test_what_is_typed_becomes_what_the_field_is(path, text, value):
    assert rows.typed(path, text) == value


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


def test_editing_leaves_the_tree_it_was_given_alone():
    blocks, _name = tree.add([], "note")
    tree.set_params(blocks, "note", {"text": "x"})
    assert blocks[0]["params"] == {}
