"""What growing hair changes on a head itself, taken back where the growing fails; new data-blocks are the ledger's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from .names import SHOWN

__all__ = ["restored"]


@contextmanager
def restored(head: bpy.types.Object) -> Iterator[None]:
    """Leave the attributes, custom properties and materials of `head` as they were when the block raises."""
    attributes = {attribute.name for attribute in head.data.attributes}
    shown = {key: head.get(key) for key in SHOWN.values()}
    trees = [slot.material.node_tree for slot in head.material_slots if slot.material is not None and slot.material.node_tree]
    before = [
        ({node.name: node.label for node in tree.nodes}, [(k.from_socket, k.to_socket) for k in tree.links]) for tree in trees
    ]
    try:
        yield
    except BaseException:
        for tree, (labels, links) in zip(trees, before):
            for node in [node for node in tree.nodes if node.name not in labels]:
                tree.nodes.remove(node)
            for node in tree.nodes:
                node.label = labels[node.name]
            held = {(k.from_socket, k.to_socket) for k in tree.links}
            for link in links:
                if link not in held:
                    tree.links.new(*link)
        for key, value in shown.items():
            if value is not None:
                head[key] = value
            elif key in head:
                del head[key]
        for name in [attribute.name for attribute in head.data.attributes if attribute.name not in attributes]:
            head.data.attributes.remove(head.data.attributes[name])
        head.update_tag()
        raise
