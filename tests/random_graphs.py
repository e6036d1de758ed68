"""Random well-typed graphs of images (tests/graph_tree.py), and what numpy makes of them (tests/graph_model.py)."""
import graph_model as model
from graph_tree import Node
from random_images import PAD, Area, padded

NUMBERS = [0, 1, -1, 2, 3, 5, 7, 0.5, -0.5, 0.1, 1.5, 100, 255, 256, -1000, 65535, 65536, 1e6, 0.0001, 3e9, -7e15]
REDUCERS = {"min": "min", "max": "max", "sum": "sum", "mean": "mean", "count": "count", "variance": "variance",
            "stdDev": "stdDev", "first": "first", "firstNonNull": "first", "last": "last", "lastNonNull": "last",
            "allNonZero": "all", "anyNonZero": "any", "mode": "mode", "median": "median"}
STACKS = {"min": "min", "max": "max", "sum": "sum", "mean": "mean", "median": "median", "mode": "mode", "count": "count",
          "and": "all", "or": "any"}
OPERATORS = {"*": ("multiply", 9), "/": ("divide", 9), "%": ("mod", 9), "+": ("add", 8), "-": ("subtract", 8),
             "<<": ("leftShift", 7), ">>": ("rightShift", 7), "<": ("lt", 6), "<=": ("lte", 6), ">": ("gt", 6),
             ">=": ("gte", 6), "==": ("eq", 5), "!=": ("neq", 5), "&": ("bitwiseAnd", 4), "^": ("bitwiseXor", 3),
             "|": ("bitwiseOr", 2), "&&": ("and", 1), "||": ("or", 0), "**": ("pow", 11)}
COLORS = {"black": (0, 0, 0), "ff0000": (255, 0, 0), "white": (255, 255, 255), "1a2b3c": (26, 43, 60)}


def what_of(name):
    return ("percentile", 50, "median") if name == "median" else (name, 0, name)


def quoted(names):
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


class Generator:
    def __init__(self, rng, images):
        self.rng, self.images = rng, images
        self.shape = next(iter(images["a"].values())).shape
        self.made = []
        self.env = padded(images)
        self.spatial = False
        self.families = [self.arithmetic, self.arithmetic, self.unary, self.cast, self.where, self.ranged, self.masks,
                         self.masks, self.unmask, self.reduce, self.stack, self.focal, self.area, self.paint, self.blend,
                         self.bands, self.bands, self.visualize, self.expression, self.functions, self.single]

    def graph(self, spatial=False):
        """One with names for all bands, so that none is lost."""
        self.spatial = spatial
        if spatial:
            self.families += [self.regrid] * 4
        bands = int(self.rng.integers(1, 4))
        top = self.image(int(self.rng.integers(2, 7)), bands, PAD)
        names = [f"out{i}" for i in range(bands)]
        return Node(bands, [top], lambda x: f"Image.rename({x}, {quoted(names)})",
                    lambda env, x: [(n, band) for n, (_, band) in zip(names, x)], ("Image.rename",))

    def pick(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def number(self, low=None, high=None):
        if low is None:
            return self.pick(*NUMBERS) if self.rng.random() < 0.8 else float(self.rng.uniform(-50, 50))
        return int(self.rng.integers(low, high + 1))

    def image(self, depth, bands, reach):
        """`reach`: how many pixels further its neighbourhoods may look."""
        old = [node for node, left in self.made if node.bands == bands and left >= reach]
        if old and self.rng.random() < 0.15:
            return self.pick(*old)
        if depth <= 0 or self.rng.random() < 0.05:
            return self.leaf(bands)
        before = len(self.made)
        node = self.pick(*self.families)(depth - 1, bands, reach)
        if node is None:
            return self.image(depth, bands, reach)
        assert node.bands == bands, node.spell(*"pqrstuvwxyz"[:len(node.inputs)])
        least = min([left for _, left in self.made[before:]], default=PAD)
        self.made.append((node, min(least, PAD) if not node.inputs else reach))
        return node

    def leaf(self, bands):
        name = self.pick(*"abc")
        if self.rng.random() < 0.15:
            numbers = [self.number() for _ in range(bands)]
            return Node(bands, [], lambda: f"Image.constant({numbers})",
                        lambda env: model.constant(env["a"], numbers), ("Image.constant",))
        have = len(self.images[name])
        chosen = sorted(self.rng.choice(have, bands, replace=have < bands).tolist())
        if len(set(chosen)) < bands:  # the same band again has another name
            return Node(bands, [], lambda: "Image.cat([" + ", ".join(
                f'Image.select(Image.load("{name}"), {i})' for i in chosen) + "])",
                lambda env: model.unique([[env[name][i]] for i in chosen]), ("Image.cat", "Image.load", "Image.select"))
        if bands == have:
            return Node(bands, [], lambda: f'Image.load("{name}")', lambda env: list(env[name]), ("Image.load",))
        return Node(bands, [], lambda: f'Image.select(Image.load("{name}"), {chosen})',
                    lambda env: [env[name][i] for i in chosen], ("Image.load", "Image.select"))

    def partner(self, bands):
        return 1 if self.rng.random() < 0.4 else bands

    # --- families ---

    def arithmetic(self, depth, bands, reach):
        name = self.pick(*model.BINARY)
        more = self.partner(bands)
        x, y = self.image(depth, bands, reach), self.image(depth, more, reach)
        if name.endswith("Shift") and self.rng.random() < 0.7:
            by = self.number(-3, 9)
            y = Node(more, [], lambda: f"Image.constant({[by] * more})",
                     lambda env: model.constant(env["a"], [by] * more), ("Image.constant",))
        if self.rng.random() < 0.3:
            x, y = y, x
        return Node(bands, [x, y], lambda x, y: f"Image.{name}({x}, {y})",
                    lambda env, x, y: model.binary(name)(x, y), (f"Image.{name}",))

    def unary(self, depth, bands, reach):
        name = self.pick(*model.UNARY)
        return Node(bands, [self.image(depth, bands, reach)], lambda x: f"Image.{name}({x})",
                    lambda env, x: model.unary(name)(x), (f"Image.{name}",))

    def cast(self, depth, bands, reach):
        name = self.pick(*model.CASTS)
        return Node(bands, [self.image(depth, bands, reach)], lambda x: f"Image.{name}({x})",
                    lambda env, x: model.cast(name)(x), (f"Image.{name}",))

    def where(self, depth, bands, reach):
        inputs = [self.image(depth, bands, reach), self.image(depth, self.partner(bands), reach),
                  self.image(depth, self.partner(bands), reach)]
        return Node(bands, inputs, lambda x, t, y: f"Image.where({x}, {t}, {y})",
                    lambda env, x, t, y: model.where(x, t, y), ("Image.where",))

    def ranged(self, depth, bands, reach):
        name, f = self.pick(("clamp", model.clamp), ("unitScale", model.unit_scale))
        low, high = sorted([self.number(), self.number()])
        return Node(bands, [self.image(depth, bands, reach)], lambda x: f"Image.{name}({x}, {low}, {high})",
                    lambda env, x: f(x, low, high), (f"Image.{name}",))

    def masks(self, depth, bands, reach):
        kind = self.pick("mask", "setMask", "updateMask", "selfMask")
        x = self.image(depth, bands, reach)
        if kind == "mask":
            return Node(bands, [x], lambda x: f"Image.mask({x})", lambda env, x: model.mask_of(x), ("Image.mask",))
        if kind == "selfMask":
            return Node(bands, [x], lambda x: f"Image.selfMask({x})", lambda env, x: model.self_mask(x),
                        ("Image.selfMask",))
        by = self.image(depth, self.partner(bands), reach)
        if kind == "updateMask":
            return Node(bands, [x, by], lambda x, y: f"Image.updateMask({x}, {y})",
                        lambda env, x, y: model.update_mask(x, y), ("Image.updateMask",))
        x, by = (by, x) if by.bands == 1 and self.rng.random() < 0.3 else (x, by)
        return Node(bands, [x, by], lambda x, y: f"Image.mask({x}, {y})", lambda env, x, y: model.mask(x, y),
                    ("Image.mask",))

    def unmask(self, depth, bands, reach):
        x, same = self.image(depth, bands, reach), bool(self.rng.random() < 0.7)
        said = "true" if same else "false"
        way = self.rng.random()
        if way < 0.2:
            return Node(bands, [x], lambda x: f"Image.unmask({x})", lambda env, x: model.unmask(x), ("Image.unmask",))
        if way < 0.7:
            number = self.number()
            return Node(bands, [x], lambda x: f"Image.unmask({x}, {number}, {said})",
                        lambda env, x: model.unmask(x, model.constant(x, number), same), ("Image.unmask",))
        return Node(bands, [x, self.image(depth, self.partner(bands), reach)],
                    lambda x, y: f"Image.unmask({x}, {y}, {said})", lambda env, x, y: model.unmask(x, y, same),
                    ("Image.unmask",))

    def reducer(self):
        """Text, outputs and functions of one."""
        way = self.rng.random()
        if way < 0.6:
            name = self.pick(*REDUCERS)
            return f"Reducer.{name}()", [what_of(REDUCERS[name])], (f"Reducer.{name}",)
        if way < 0.8:
            percents = sorted({self.number(0, 100) for _ in range(int(self.rng.integers(1, 4)))})
            return (f"Reducer.percentile({percents})", [("percentile", p, f"p{p}") for p in percents],
                    ("Reducer.percentile",))
        if way < 0.9:
            return "Reducer.minMax()", [what_of("min"), what_of("max")], ("Reducer.minMax",)
        one, outputs, used = self.reducer()
        other, more, used_too = self.reducer()
        if {o[2] for o in outputs} & {o[2] for o in more}:
            return one, outputs, used
        return (f'Reducer.combine({one}, {other}, "", true)', outputs + more, (*used, *used_too, "Reducer.combine"))

    def reduce(self, depth, bands, reach):
        text, outputs, used = self.reducer()
        if len(outputs) != bands:
            return None
        return Node(bands, [self.image(depth, int(self.rng.integers(1, 4)), reach)],
                    lambda x: f"Image.reduce({x}, {text})", lambda env, x: model.reduce_bands(x, outputs),
                    ("Image.reduce", *used))

    def stack(self, depth, bands, reach):
        names = [f"n{i}" for i in range(bands)]
        several = [self.renamed(self.image(depth - 1, bands, reach), names) for _ in range(int(self.rng.integers(1, 5)))]
        way = self.rng.random()
        of = lambda *x: "[" + ", ".join(x) + "]"  # noqa: E731
        if way < 0.3:
            name = self.pick(*STACKS)
            return Node(bands, several, lambda *x: f"reduce.{name}({of(*x)})",
                        lambda env, *x: model.reduce_images(x, [what_of(STACKS[name])], False), (f"reduce.{name}",))
        if way < 0.5:
            return Node(bands, several, lambda *x: f"ImageCollection.mosaic(ImageCollection.fromImages({of(*x)}))",
                        lambda env, *x: model.reduce_images(x, [what_of("last")], False),
                        ("ImageCollection.mosaic", "ImageCollection.fromImages"))
        if way < 0.7:
            quality = self.pick(*names)
            return Node(bands, several, lambda *x: f'ImageCollection.qualityMosaic({of(*x)}, "{quality}")',
                        lambda env, *x: model.quality_mosaic(x, quality), ("ImageCollection.qualityMosaic",))
        text, outputs, used = self.reducer()
        if len(outputs) != 1:
            return None
        return Node(bands, several, lambda *x: f"ImageCollection.reduce({of(*x)}, {text})",
                    lambda env, *x: model.reduce_images(x, outputs), ("ImageCollection.reduce", *used))

    def renamed(self, image, names):
        return Node(image.bands, [image], lambda x: f"Image.rename({x}, {quoted(names)})",
                    lambda env, x: [(n, band) for n, (_, band) in zip(names, x)], ("Image.rename",))

    def focal(self, depth, bands, reach):
        name, shape = self.pick("min", "max", "mean", "median", "mode"), self.pick(*model.SHAPES)
        radius, times = self.pick(0, 1, 1.5, 2, 2.3), self.pick(1, 1, 2)
        if int(radius) * times > reach:
            return None
        x = self.image(depth, bands, reach - int(radius) * times)
        return Node(bands, [x], lambda x: f'Image.focal_{name}({x}, {radius}, "{shape}", "pixels", {times})',
                    lambda env, x: model.focal(name, x, radius, shape, times), (f"Image.focal_{name}",))

    def area(self, depth, bands, reach):
        area, name = Area(self.rng, self.shape), self.pick("clip", "clipToCollection")
        return Node(bands, [self.image(depth, bands, reach)], lambda x: f"Image.{name}({x}, {area.text()})",
                    lambda env, x: model.clip(x, area.inside(env)), (f"Image.{name}",))

    def paint(self, depth, bands, reach):
        area, color = Area(self.rng, self.shape), self.number()
        width = self.pick(None, 1, 2, 3.5)
        said = "" if width is None else f", {width}"
        return Node(bands, [self.image(depth, bands, reach)], lambda x: f"Image.paint({x}, {area.text()}, {color}{said})",
                    lambda env, x: model.paint(x, [(area.inside(env) if width is None else area.along(env, width), color)]),
                    ("Image.paint",))

    def styled(self):
        area, width = Area(self.rng, self.shape), self.pick(1, 2, 3.5)
        ink, fill, opacity = self.pick(*COLORS), self.pick(*COLORS), self.pick(0, 128, 255)
        filled = "".join(f"{c:02x}" for c in COLORS[fill]) + f"{opacity:02x}"

        def mean(env):
            layers = [(area.inside(env), COLORS[fill], opacity)] if opacity else []
            return model.style([*layers, (area.along(env, width), COLORS[ink], 255)], env["a"][0][1].v.shape)
        return Node(3, [], lambda: f'Collection.style({area.text()}, color="{ink}", width={width}, fillColor="{filled}")',
                    mean, ("Collection.style",))

    def blend(self, depth, bands, reach):
        top = self.styled() if bands == 3 and self.rng.random() < 0.5 else self.image(depth, self.partner(bands), reach)
        x = self.image(depth, bands, reach)
        return Node(bands, [x, top], lambda x, y: f"Image.blend({x}, {y})", lambda env, x, y: model.blend(x, y),
                    ("Image.blend",))

    def bands(self, depth, bands, reach):
        way = self.pick("select", "slice", "cat", "addBands")
        if way == "select":
            x = self.image(depth, 3, reach)
            at = sorted(self.rng.choice(3, bands, replace=False).tolist())
            return Node(bands, [x], lambda x: f"Image.select({x}, {at})", lambda env, x: [x[i] for i in at],
                        ("Image.select",))
        if way == "slice":
            first = self.number(0, 3 - bands)
            return Node(bands, [self.image(depth, 3, reach)], lambda x: f"Image.slice({x}, {first}, {first + bands})",
                        lambda env, x: x[first:first + bands], ("Image.slice",))
        if bands == 1:
            return None
        inputs = [self.image(depth, 1, reach), self.image(depth, bands - 1, reach)]
        if way == "cat":
            return Node(bands, inputs, lambda x, y: f"Image.cat([{x}, {y}])", lambda env, x, y: model.unique([x, y]),
                        ("Image.cat",))
        return Node(bands, inputs, lambda x, y: f"Image.addBands({x}, {y})", lambda env, x, y: model.unique([x, y]),
                    ("Image.addBands",))

    def visualize(self, depth, bands, reach):
        names = ["p", "q", "r"][:self.pick(1, 3)]
        palette = [self.pick(*COLORS) for _ in range(int(self.rng.integers(2, 5)))] if len(names) == 1 and bands == 3 \
            else None
        if (3 if palette or len(names) == 3 else 1) != bands:
            return None
        low, high = sorted([self.number(), self.number()])
        gamma, opacity = self.pick(1, 1.35, 0.5), self.pick(None, 1, 0.6)
        said = f", min={low}, max={high}" + (f", gamma={gamma}" if palette is None else "")
        said += f", palette={quoted(palette)}" if palette else ""
        said += f", opacity={opacity}" if opacity is not None else ""
        x = self.renamed(self.image(depth, len(names), reach), names)
        gamma = 1 if palette else gamma
        return Node(bands, [x], lambda x: f"Image.visualize({x}, bands={quoted(names)}{said})",
                    lambda env, x: model.visualize(x, names, low, high, gamma, palette and [COLORS[c] for c in palette],
                                                   opacity), ("Image.visualize",))

    def single(self, depth, bands, reach):
        if bands != 1:
            return None
        if self.rng.random() < 0.5:
            x = self.renamed(self.image(depth, 2, reach), ["p", "q"])
            return Node(1, [x], lambda x: f'Image.normalizedDifference({x}, ["q", "p"])',
                        lambda env, x: model.normalized_difference(x, ["q", "p"]), ("Image.normalizedDifference",))
        before = sorted({self.number(-4, 9) for _ in range(4)})
        after = [self.number() for _ in before]
        otherwise = self.pick(None, self.number())
        said = "" if otherwise is None else f", {otherwise}"
        return Node(1, [self.image(depth, int(self.rng.integers(1, 4)), reach)],
                    lambda x: f"Image.remap({x}, {before}, {after}{said})",
                    lambda env, x: model.remap(x, before, after, otherwise), ("Image.remap",))

    # --- expressions ---

    def written(self, depth, choices):
        """Text, strength and meaning of an operator tree over image, v1 and numbers."""
        if depth == 0 or self.rng.random() < 0.1:
            if self.rng.random() < 0.25:
                number = abs(self.pick(0, 1, 2, 3, 0.5, 7, 100))
                return str(number), 20, lambda x, y: model.constant(x, number), ()
            return self.pick(("image", 20, lambda x, y: x, ()), ("v1", 20, lambda x, y: y, ()))
        way = self.rng.random()
        if way < 0.15:
            text, strength, f, used = self.written(depth - 1, choices)
            sign, name = self.pick(("-", "subtract"), ("!", "not"), ("~", "bitwiseNot"))
            text = f"{sign}{text if strength > 10 or strength == 10 else '(' + text + ')'}"
            if sign == "-":
                return text, 10, lambda x, y: model.binary("subtract")(model.constant(x, 0), f(x, y)), used
            return text, 10, lambda x, y: model.unary(name)(f(x, y)), used
        if way < 0.25 and choices:  # where's image has as many bands as its test
            parts = [self.written(depth - 1, choices) for _ in range(3)]
            said = [t if s > -1 or i == 2 else f"({t})" for i, (t, s, _, _) in enumerate(parts)]

            def choose(x, y):
                test, yes, no = (part[2](x, y) for part in parts)
                return model.update_mask(model.where(no, test, yes), model.mask_of(test))
            return f"{said[0]} ? {said[1]} : {said[2]}", -1, choose, ()
        if way < 0.35:
            name = self.pick("max", "min", "hypot", "pow")
            parts = [self.written(depth - 1, choices) for _ in range(2)]
            return (f"{name}({parts[0][0]}, {parts[1][0]})", 20,
                    lambda x, y: model.binary(name)(parts[0][2](x, y), parts[1][2](x, y)), ())
        sign = self.pick(*OPERATORS)
        name, strength = OPERATORS[sign]
        left, right = self.written(depth - 1, choices), self.written(depth - 1, choices)
        # ** binds its left side closest; all others go from left to right
        a = left[0] if left[1] >= (20 if sign == "**" else strength) else f"({left[0]})"
        b = right[0] if right[1] > (9 if sign == "**" else strength) else f"({right[0]})"
        return f"{a} {sign} {b}", strength, lambda x, y: model.binary(name)(left[2](x, y), right[2](x, y)), ()

    def expression(self, depth, bands, reach):
        text, _, f, _ = self.written(int(self.rng.integers(1, 4)), bands == 1)
        names = [f"n{i}" for i in range(bands)]
        x, y = (self.renamed(self.image(depth, bands, reach), names) for _ in range(2))

        def mean(env, x, y):
            got = f(x, y)
            return model.binary("add")(got, [(n, model.constant(x, 0)[0][1]) for n in names]) if len(got) < bands else got
        call = f'Image.parseExpression("{text}", "image", ["image", "v1"])'
        if "image" not in text and "v1" not in text:  # numbers alone are one band
            return None
        return Node(bands, [x, y], lambda x, y: f"{call}(image={x}, v1={y})", mean, ("Image.parseExpression",))

    # --- functions of one's own ---

    def functions(self, depth, bands, reach):
        name = self.pick("add", "max", "subtract", "where")
        inner = f"Image.where(item, item, state)" if name == "where" else f"Image.{name}(item, state)"
        step = (lambda a, b: model.where(a, a, b)) if name == "where" else model.binary(name)
        several = [self.image(depth, bands, reach) for _ in range(int(self.rng.integers(1, 4)))]
        way = self.pick("Collection.map", "Collection.iterate", "List.iterate", "List.map")
        of = lambda *x: "[" + ", ".join(x) + "]"  # noqa: E731
        if way.endswith("iterate"):
            start = self.image(depth, bands, reach)

            def mean(env, state, *items):
                for item in items:
                    state = step(item, state)
                return state
            listed = (lambda *x: f"ImageCollection.fromImages({of(*x)})") if way[0] == "C" else of
            return Node(bands, [start, *several],
                        lambda s, *x: f"{way}({listed(*x)}, fn(item, state) {{ {inner} }}, {s})", mean, (way,))
        names = [f"n{i}" for i in range(bands)]
        several = [self.renamed(x, names) for x in several]
        number = self.number()
        body = f"fn(item) {{ state = Image.constant({[number] * bands}); {inner} }}"
        return Node(bands, several, lambda *x: f"ImageCollection.mosaic({way}({of(*x)}, {body}))",
                    lambda env, *x: model.reduce_images([step(i, model.constant(i, [number] * bands)) for i in x],
                                                        [what_of("last")], False), (way, "ImageCollection.mosaic"))

    # --- on other grids: whole and in blocks only ---

    def regrid(self, depth, bands, reach):
        x = self.image(depth, bands, reach)
        crs, scale = self.pick(("EPSG:32633", 7), ("EPSG:32633", 35), ("EPSG:3035", 23), ("EPSG:4326", 13)), None
        way = self.pick("reproject", "resample", "bicubic", "reduceResolution", "setDefaultProjection")
        if way == "reproject":
            return Node(bands, [x], lambda x: f'Image.reproject({x}, "{crs[0]}", scale={crs[1]})', None,
                        ("Image.reproject",))
        if way == "setDefaultProjection":
            return Node(bands, [x], lambda x: f'Image.setDefaultProjection({x}, "{crs[0]}", scale={crs[1]})', None,
                        ("Image.setDefaultProjection",))
        if way == "reduceResolution":
            name = self.pick("mean", "max", "median", "count", "mode", "stdDev")
            return Node(bands, [x], lambda x: f"Image.reduceResolution({x}, Reducer.{name}(), true)", None,
                        ("Image.reduceResolution",))
        said = ', "bicubic"' if way == "bicubic" else ""
        return Node(bands, [x], lambda x: f"Image.resample({x}{said})", None, ("Image.resample",))
