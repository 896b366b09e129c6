"""A compiled model as an ONNX graph in float64, made from its tables and compared with them.

One input a feature: ``double[rows, 1]`` for numbers (NaN where missing), ``string[rows, 1]`` for texts (empty where
missing). One output, ``prediction``: ``double[rows, outputs]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import CannotCompile, MissingExtra
from workbench.tables.compiled import CompiledModel
from workbench.tables.encoders import Categories, Columns, Hot, Numbers, is_missing, numbers
from workbench.tables.links import Array
from workbench.tables.nodes import Chain, Curve, Linear
from workbench.tables.trees import Trees
from workbench.tables.words import Words

if TYPE_CHECKING:
    import onnx

OPSET, TREES = 19, 5  # of ONNX itself, and of its operators for trees
MEMBER, LEQ = 6, 0  # modes of a node
NO_ONNX = "has no ONNX operator that is exact"


def to_onnx(model: CompiledModel) -> onnx.ModelProto:
    """The graph of a compiled model.

    Parameters
    ----------
    model : CompiledModel
        Made by :func:`workbench.compiling.pipeline.compile_pipeline`, or loaded.

    Raises
    ------
    CannotCompile
        If a part has no ONNX operator; the message names it.
    MissingExtra
        If onnx is not installed.
    """
    graph = Graph()
    matrix = graph.named(
        "Concat", [_encoded(graph, e, model) for e in model.encoders] or [_nothing(graph, model)], axis=1
    )
    outputs = _link(graph, model.link, _node(graph, model.model, matrix))
    graph.add("Identity", [outputs], "prediction")
    return graph.model(model)


def onnx_difference(content: bytes, model: CompiledModel, columns: Columns) -> float:
    """Largest difference between the predictions of an ONNX model, by onnxruntime, and of the tables it came from.

    Parameters
    ----------
    content : bytes
        The ONNX model.
    model : CompiledModel
        What it was made from.
    columns : mapping of raw columns
        Rows to compare on.

    Returns
    -------
    float
        Relative where predictions exceed 1; NaN where one of them gives no number.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtra.of("Comparing an ONNX model", "onnxruntime", "onnx") from None
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    predictions = session.run(["prediction"], onnx_inputs(model, columns))[0]
    expected = model.predict(columns).reshape(len(predictions), -1)
    return float(np.max(np.abs(predictions - expected) / np.maximum(1.0, np.abs(expected)), initial=0.0))


def onnx_inputs(model: CompiledModel, columns: Columns) -> dict[str, Array]:
    """Raw columns as the graph's inputs take them, each of shape (rows, 1)."""
    texts = _texts(model)
    return {
        name: _as_texts(columns[name]) if name in texts else numbers(columns[name])[:, None] for name in _inputs(model)
    }


def _inputs(model: CompiledModel) -> tuple[str, ...]:
    used = {name for e in model.encoders for name in e.columns}
    return tuple(name for name in model.features if name in used) or model.features[:1]


def _texts(model: CompiledModel) -> set[str]:
    looked = [e for e in model.encoders if isinstance(e, (Categories, Hot))]
    return {e.column for e in looked if any(isinstance(key, str) for key in e.keys)}


def _as_texts(values: Any) -> Array:
    read = np.asarray(values, dtype=object).tolist()
    return np.array([["" if is_missing(v) else str(v)] for v in read], dtype=object)


class Graph:
    """Nodes and constants of a graph under way."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError:
            raise MissingExtra.of("Exporting to ONNX", "onnx", "onnx") from None
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, inputs: list[str], output: str, **settings: Any) -> str:
        """Add a node whose output has a given name, and return the name."""
        domain = "ai.onnx.ml" if operator in ("TreeEnsemble", "LabelEncoder") else ""
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], domain=domain, **settings))
        return output

    def named(self, operator: str, inputs: list[str], **settings: Any) -> str:
        """Add a node and return the name of its output."""
        return self.add(operator, inputs, f"v{len(self.nodes)}", **settings)

    def constant(self, values: Any) -> str:
        """Add a constant, and return its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def tensor(self, values: Any) -> Any:
        """An array as an attribute."""
        return self.onnx.numpy_helper.from_array(np.ascontiguousarray(values))

    def cast(self, value: str, to: str) -> str:
        """A value in another type: ``DOUBLE``, ``FLOAT`` or ``INT64``."""
        return self.named("Cast", [value], to=getattr(self.onnx.TensorProto, to))

    def model(self, compiled: CompiledModel) -> Any:
        """The whole model."""
        helper, types, texts = self.onnx.helper, self.onnx.TensorProto, _texts(compiled)
        inputs = [
            helper.make_tensor_value_info(name, types.STRING if name in texts else types.DOUBLE, [None, 1])
            for name in _inputs(compiled)
        ]
        width = compiled.model.width
        output = helper.make_tensor_value_info("prediction", types.DOUBLE, [None, width])
        graph = helper.make_graph(self.nodes, "workbench", inputs, [output], self.constants)
        sets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES)]
        return helper.make_model(graph, opset_imports=sets, ir_version=10, producer_name="ml-workbench")


# --- encoders -----------------------------------------------------------------------------------------------------


def _nothing(graph: Graph, model: CompiledModel) -> str:
    """A matrix without a column, for a constant model."""
    first = _inputs(model)[0]
    return graph.named("Slice", [first, *(graph.constant(np.array([i])) for i in (0, 0, 1))])


def _encoded(graph: Graph, encoder: Numbers | Categories | Hot | Words, model: CompiledModel) -> str:
    if isinstance(encoder, (Categories, Hot)):
        row = _row(graph, encoder, encoder.column in _texts(model))
        return _hot(graph, encoder, row) if isinstance(encoder, Hot) else _looked_up(graph, encoder, row)
    if isinstance(encoder, Words):
        raise CannotCompile(f"The text {encoder.column!r} {NO_ONNX}. Leave it out, or make its words columns.")
    if encoder.kind != "number":
        what = "The number in" if encoder.kind == "written" else "The date"
        raise CannotCompile(f"{what} {encoder.columns[0]!r} {NO_ONNX}. Leave it out, or make its parts columns.")
    read = graph.named("Concat", list(encoder.columns), axis=1)
    values = graph.named("Gather", [read, graph.constant(encoder.take)], axis=1)
    for name, operand in encoder.steps:
        values = _step(graph, name, values, operand)
    return values


def _step(graph: Graph, name: str, values: str, operand: Array) -> str:
    simple = {"subtract": "Sub", "divide": "Div", "multiply": "Mul", "add": "Add"}
    alone = {"log": "Log", "exp": "Exp", "sqrt": "Sqrt", "abs": "Abs"}
    if name in simple:
        return graph.named(simple[name], [values, graph.constant(operand)])
    if name in alone:
        return graph.named(alone[name], [values])
    if name == "square":
        return graph.named("Mul", [values, values])
    if name == "missing":
        return graph.cast(graph.named("IsNaN", [values]), "DOUBLE")
    by = graph.constant(operand)
    asked = {"fill": ("IsNaN", [values]), "at least": ("Less", [values, by]), "at most": ("Greater", [values, by])}
    if name not in asked:
        raise CannotCompile(f"The function {name!r} {NO_ONNX}. Leave it out.")
    return graph.named("Where", [graph.named(*asked[name]), by, values])


def _looked_up(graph: Graph, encoder: Categories, row: str) -> str:
    gathered = graph.named("Gather", [graph.constant(encoder.table), row], axis=0)
    return graph.named("Squeeze", [gathered, graph.constant(np.array([1]))])


def _hot(graph: Graph, encoder: Hot, row: str) -> str:
    """Which column tells the row's group."""
    group = graph.named("Gather", [graph.constant(encoder.groups), row], axis=0)
    told = graph.named("Equal", [group, graph.constant(encoder.place[None])])
    return graph.named("Where", [told, graph.constant(encoder.yes[None]), graph.constant(encoder.no[None])])


def _row(graph: Graph, encoder: Categories | Hot, text: bool) -> str:
    """Place of each row's category among the keys, shape (rows, 1)."""
    missing, unseen = len(encoder.keys), len(encoder.keys) + 1
    if not text:
        return _number_place(graph, encoder, missing, unseen)
    known = {str(key): i for i, key in enumerate(encoder.keys)}
    known.setdefault("", missing)
    keys = graph.onnx.helper.make_tensor(
        "keys", graph.onnx.TensorProto.STRING, [len(known)], [key.encode() for key in known]
    )
    places = graph.tensor(np.array(list(known.values()), np.int64))
    default = graph.tensor(np.array([unseen], np.int64))
    return graph.named("LabelEncoder", [encoder.column], keys_tensor=keys, values_tensor=places, default_tensor=default)


def _number_place(graph: Graph, encoder: Categories | Hot, missing: int, unseen: int) -> str:
    """Row of the table for a category that is a number, shape (rows, 1)."""
    nothing = graph.named("IsNaN", [encoder.column])
    row = graph.named("Where", [nothing, graph.constant(np.array([[missing]])), graph.constant(np.array([[unseen]]))])
    if not encoder.keys:
        return row
    keys = graph.constant(np.array([encoder.keys], dtype=np.float64))
    equal = graph.cast(graph.named("Equal", [encoder.column, keys]), "DOUBLE")
    place = graph.named("ArgMax", [equal], axis=1, keepdims=1)
    some = graph.named("ReduceMax", [equal, graph.constant(np.array([1]))], keepdims=1)
    known = graph.named("Greater", [some, graph.constant(np.array(0.5))])
    return graph.named("Where", [known, place, row])


# --- nodes --------------------------------------------------------------------------------------------------------


def _node(graph: Graph, node: Any, matrix: str) -> str:
    if isinstance(node, Trees):
        return _trees(graph, node, matrix)
    if isinstance(node, Linear):
        own = matrix if node.columns is None else graph.named("Gather", [matrix, graph.constant(node.columns)], axis=1)
        product = graph.named("MatMul", [own, graph.constant(node.weights.T)])
        return graph.named("Add", [product, graph.constant(node.intercept)])
    if isinstance(node, Curve):
        return _curve(graph, node, matrix)
    assert isinstance(node, Chain)
    inputs = [_node(graph, member, matrix) for member in node.members]
    if len(node.columns):
        inputs.append(graph.named("Gather", [matrix, graph.constant(node.columns)], axis=1))
    return _node(graph, node.final, graph.named("Concat", inputs, axis=1))


def _curve(graph: Graph, curve: Curve, value: str) -> str:
    if curve.kind in ("scaled", "sigmoids"):
        scaled = graph.named("Mul", [value, graph.constant(curve.first)])
        line = graph.named("Add", [scaled, graph.constant(curve.second)])
        return line if curve.kind == "scaled" else graph.named("Sigmoid", [graph.named("Neg", [line])])
    if curve.kind == "mean":
        share = np.kron(curve.first[:, None], np.eye(curve.width)) / curve.first.sum()
        return graph.named("MatMul", [value, graph.constant(share)])
    if curve.kind == "isotonic":
        parts = [_interpolated(graph, value, k, curve.first[k], curve.second[k]) for k in range(curve.inputs)]
        return graph.named("Concat", parts, axis=1)
    if curve.kind == "square":
        return graph.named("Mul", [value, value])
    if curve.kind == "expm1":
        return graph.named("Sub", [graph.named("Exp", [value]), graph.constant(np.array(1.0))])
    return _link(graph, curve.kind, value)


def _link(graph: Graph, link: str, value: str) -> str:
    if link == "identity":
        return value
    if link == "shares":
        total = graph.named("ReduceSum", [value, graph.constant(np.array([1]))], keepdims=1)
        nothing = graph.named("Equal", [total, graph.constant(np.array(0.0))])
        share = graph.named("Div", [value, graph.named("Where", [nothing, graph.constant(np.array(1.0)), total])])
        one = graph.named("Div", [graph.constant(np.array(1.0)), _width(graph, value)])
        return graph.named("Where", [nothing, one, share])
    if link == "one against rest":
        return _link(graph, "shares", graph.named("Sigmoid", [value]))
    if link.endswith("exp"):
        return graph.named("Exp", [value])
    return graph.named("Sigmoid", [value]) if link.endswith("logistic") else graph.named("Softmax", [value], axis=1)


def _width(graph: Graph, value: str) -> str:
    shape = graph.named("Shape", [value])
    return graph.cast(graph.named("Gather", [shape, graph.constant(np.array(1))]), "DOUBLE")


def _interpolated(graph: Graph, value: str, k: int, x: Array, y: Array) -> str:
    """Straight lines between points, flat outside of them."""
    own = graph.named("Gather", [value, graph.constant(np.array([k]))], axis=1)
    if len(x) == 1:
        return graph.named("Add", [graph.named("Mul", [own, graph.constant(np.zeros(1))]), graph.constant(y)])
    above = graph.named("GreaterOrEqual", [own, graph.constant(x[None, 1:-1])])
    segment = graph.named("ReduceSum", [graph.cast(above, "INT64"), graph.constant(np.array([1]))], keepdims=1)
    width = np.diff(x)
    slope = np.divide(np.diff(y), width, out=np.zeros_like(width), where=width > 0)
    start, base, rise = (graph.named("Gather", [graph.constant(t), segment]) for t in (x[:-1], y[:-1], slope))
    line = graph.named("Add", [graph.named("Mul", [graph.named("Sub", [own, start]), rise]), base])
    low = graph.named("Less", [own, graph.constant(x[:1])])
    high = graph.named("GreaterOrEqual", [own, graph.constant(x[-1:])])
    held = graph.named("Where", [low, graph.constant(y[:1]), line])
    return graph.named("Where", [high, graph.constant(y[-1:]), held])


# --- trees --------------------------------------------------------------------------------------------------------


def _trees(graph: Graph, trees: Trees, matrix: str) -> str:
    if trees.single:
        matrix = graph.cast(graph.cast(matrix, "FLOAT"), "DOUBLE")
    tables = Ensemble(trees)
    total = graph.named(
        "TreeEnsemble",
        [matrix],
        aggregate_function=1,
        post_transform=0,
        n_targets=trees.width,
        tree_roots=tables.roots,
        nodes_featureids=tables.features,
        nodes_modes=graph.tensor(np.array(tables.modes, np.uint8)),
        nodes_splits=graph.tensor(np.array(tables.splits, np.float64)),
        nodes_truenodeids=tables.true_ids,
        nodes_falsenodeids=tables.false_ids,
        nodes_trueleafs=tables.true_leafs,
        nodes_falseleafs=tables.false_leafs,
        nodes_missing_value_tracks_true=tables.missing,
        leaf_targetids=tables.targets,
        leaf_weights=graph.tensor(np.array(tables.weights, np.float64)),
        **({"membership_values": graph.tensor(np.array(tables.members, np.float64))} if tables.members else {}),
    )
    whole = graph.named("Add", [total, graph.constant(trees.baseline)])
    return graph.named("Div", [whole, graph.constant(np.array(trees.divisor))])


class Ensemble:
    """The tables of ``TreeEnsemble``: inner nodes and leaves apart, each tree once for every output it adds to."""

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        self.roots: list[int] = []
        self.features: list[int] = []
        self.modes: list[int] = []
        self.splits: list[float] = []
        self.missing: list[int] = []
        self.members: list[float] = []
        self.true_ids: list[int] = []
        self.false_ids: list[int] = []
        self.true_leafs: list[int] = []
        self.false_leafs: list[int] = []
        self.targets: list[int] = []
        self.weights: list[float] = []
        for root, output in zip(trees.roots.tolist(), trees.outputs.tolist(), strict=True):
            for k in range(trees.value.shape[1]):
                self._add(root, output + k, k)

    def _add(self, root: int, target: int, column: int) -> None:
        inner = list(self._inner(root))
        place = {node: len(self.features) + i for i, node in enumerate(inner)}
        self.roots.append(len(self.features))
        for node in inner:
            self._node(node)
            for ids, leafs, child in self._children(node):
                leaf = child not in place
                ids.append(self._leaf(child, target, column) if leaf else place[child])
                leafs.append(int(leaf))

    def _inner(self, root: int) -> Iterator[int]:
        """Inner nodes below ``root``; a tree that is a leaf alone is asked something that changes nothing."""
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node == root or self.trees.feature[node] >= 0:
                yield node
            if self.trees.feature[node] >= 0:
                waiting += [int(self.trees.right[node]), int(self.trees.left[node])]

    def _node(self, node: int) -> None:
        trees, row = self.trees, int(self.trees.category[node])
        self.features.append(max(0, int(trees.feature[node])))
        self.modes.append(LEQ if row < 0 else MEMBER)
        self.splits.append(float(trees.threshold[node]))
        self.missing.append(int(trees.missing_left[node]))
        if row >= 0:
            self.members += [*np.flatnonzero(trees.goes_left[row]).astype(float).tolist(), np.nan]

    def _children(self, node: int) -> Iterator[tuple[list[int], list[int], int]]:
        alone = self.trees.feature[node] < 0
        yield self.true_ids, self.true_leafs, node + len(self.trees.feature) if alone else int(self.trees.left[node])
        yield self.false_ids, self.false_leafs, node + len(self.trees.feature) if alone else int(self.trees.right[node])

    def _leaf(self, node: int, target: int, column: int) -> int:
        self.targets.append(target)
        self.weights.append(float(self.trees.value[node % len(self.trees.feature), column]))
        return len(self.weights) - 1
