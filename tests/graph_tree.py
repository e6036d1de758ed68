"""Graphs of images under test: their text, what numpy makes of them, and how a failing one is made smaller. A node is a
DAG's: what several need is bound to a name in the text."""


class Node:
    """An image of `bands` bands, or what `kind` says. `spell` makes its text of those of its inputs, `mean` its value of
    theirs (None: numpy has no word for it)."""

    def __init__(self, bands, inputs, spell, mean, uses=(), kind="image"):
        self.bands, self.inputs, self.spell, self.mean, self.uses, self.kind = bands, inputs, spell, mean, uses, kind


def over(root):
    """All nodes, inputs first."""
    seen, order, stack = set(), [], [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack += [(node, True)] + [(child, False) for child in node.inputs]
    return order


def text_of(root):
    names, lines = {}, []
    for node in over(root):
        said = node.spell(*[names[id(child)] for child in node.inputs])
        if node.kind != "image" or not node.inputs:
            names[id(node)] = said
            continue
        names[id(node)] = f"x{len(lines)}"
        lines.append(f"x{len(lines)} = {said};")
    return "\n".join([*lines, names[id(root)]])


def uses(root):
    return {name for node in over(root) for name in node.uses}


def is_modelled(root):
    return all(node.mean is not None for node in over(root))


def value_of(root, env):
    made = {}
    for node in over(root):
        made[id(node)] = node.mean(env, *[made[id(child)] for child in node.inputs])
    return made[id(root)]


def smaller(root):
    """Graphs with one node less: an input, or an image that was there before, in its place."""
    order = over(root)
    for node in reversed(order):
        images = [n for n in order if n.kind == "image" and n.bands == node.bands and n is not node]
        below = {id(n) for n in over(node)}
        for other in [n for n in images if id(n) in below]:
            yield root if node is root and other is root else with_one(root, node, other)


def with_one(root, old, new):
    made = {id(old): new}
    for node in over(root):
        if id(node) in made:
            continue
        inputs = [made.get(id(child), child) for child in node.inputs]
        made[id(node)] = node if all(a is b for a, b in zip(inputs, node.inputs)) else Node(
            node.bands, inputs, node.spell, node.mean, node.uses, node.kind)
    return made[id(root)]


def shrink(root, fails, tries=400):
    found = True
    while found and tries > 0:
        found = False
        for candidate in sorted(smaller(root), key=lambda n: len(over(n))):
            tries -= 1
            if len(over(candidate)) < len(over(root)) and fails(candidate):
                root, found = candidate, True
                break
            if tries <= 0:
                break
    return root
