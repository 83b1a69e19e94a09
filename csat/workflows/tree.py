"""Editing the tree of steps: each function gives a new tree."""

import copy
from typing import Any

from csat.workflows import blocks as walking
from csat.workflows.models import Block

SIDES = ("then", "else")


def find(blocks: list[Block], name: str) -> Block | None:
    return next((block for block in walking.every(blocks) if block["id"] == name), None)


def add(blocks: list[Block], kind: str, *, under: str = "", side: str = "then") -> tuple[list[Block], str]:
    """A new step at the end of the list, or of one side of the branch `under`; the tree and the new step's id."""
    tree = copy.deepcopy(blocks)
    block: Block = {"id": _free(tree, kind), "type": kind, "params": {}}
    if kind == "branch":
        block |= {"then": [], "else": []}
    parent = find(tree, under) if under else None
    (parent.setdefault(side, []) if parent is not None and side in SIDES else tree).append(block)
    return tree, block["id"]


def remove(blocks: list[Block], name: str) -> list[Block]:
    tree = copy.deepcopy(blocks)
    home = _home(tree, name)
    if home is not None:
        home[:] = [block for block in home if block["id"] != name]
    return tree


def move(blocks: list[Block], name: str, by: int) -> list[Block]:
    """One place up (-1) or down (1) among its neighbours; the edge stays where it is."""
    tree = copy.deepcopy(blocks)
    home = _home(tree, name)
    if home is None:
        return tree
    at = next(n for n, block in enumerate(home) if block["id"] == name)
    to = min(max(at + by, 0), len(home) - 1)
    home.insert(to, home.pop(at))
    return tree


def set_params(blocks: list[Block], name: str, params: dict[str, Any]) -> list[Block]:
    tree = copy.deepcopy(blocks)
    block = find(tree, name)
    if block is not None:
        block["params"] = {key: value for key, value in params.items() if value not in (None, "")}
    return tree


def _home(tree: list[Block], name: str) -> list[Block] | None:
    """The list a step stands in."""
    if any(block["id"] == name for block in tree):
        return tree
    for block in walking.every(tree):
        for side in SIDES:
            if block["type"] == "branch" and any(one["id"] == name for one in block.get(side) or []):
                home: list[Block] = block[side]
                return home
    return None


def _free(tree: list[Block], kind: str) -> str:
    taken = {block["id"] for block in walking.every(tree)}
    number = 1
    while (name := kind if number == 1 else f"{kind}_{number}") in taken:
        number += 1
    return name
