"""Edit the tree of blocks: every function returns a new tree and leaves the old one as it was."""

import copy

from csat.lib.types import JsonObject
from csat.workflows.blocks import walk
from csat.workflows.models import Block

SIDES = ("then", "else")


def find(blocks: list[Block], name: str) -> Block | None:
    return next((block for block in walk(blocks) if block["id"] == name), None)


def add(blocks: list[Block], kind: str, *, under: str = "", side: str = "then") -> tuple[list[Block], str]:
    """Append a block to the tree, or to one side of the branch `under`; returns the tree and the new id."""
    tree = copy.deepcopy(blocks)
    block: Block = {"id": _unused_id(tree, kind), "type": kind, "params": {}}
    if kind == "branch":
        block |= {"then": [], "else": []}
    parent = find(tree, under) if under else None
    (parent.setdefault(side, []) if parent is not None and side in SIDES else tree).append(block)
    return tree, block["id"]


def remove(blocks: list[Block], name: str) -> list[Block]:
    tree = copy.deepcopy(blocks)
    siblings = _siblings(tree, name)
    if siblings is not None:
        siblings[:] = [block for block in siblings if block["id"] != name]
    return tree


def move(blocks: list[Block], name: str, by: int) -> list[Block]:
    """Move a block up (-1) or down (1) among its siblings; at the edge it stays where it is."""
    tree = copy.deepcopy(blocks)
    siblings = _siblings(tree, name)
    if siblings is None:
        return tree
    index = next(index for index, block in enumerate(siblings) if block["id"] == name)
    new_index = min(max(index + by, 0), len(siblings) - 1)
    siblings.insert(new_index, siblings.pop(index))
    return tree


def set_params(blocks: list[Block], name: str, params: JsonObject) -> list[Block]:
    tree = copy.deepcopy(blocks)
    block = find(tree, name)
    if block is not None:
        block["params"] = {key: value for key, value in params.items() if value not in (None, "")}
    return tree


def _siblings(tree: list[Block], name: str) -> list[Block] | None:
    """The list that contains the block."""
    if any(block["id"] == name for block in tree):
        return tree
    for block in walk(tree):
        for side in SIDES:
            if block["type"] == "branch" and any(child["id"] == name for child in block.get(side) or []):
                siblings: list[Block] = block[side]
                return siblings
    return None


def _unused_id(tree: list[Block], kind: str) -> str:
    taken = {block["id"] for block in walk(tree)}
    number = 1
    while (name := kind if number == 1 else f"{kind}_{number}") in taken:
        number += 1
    return name
