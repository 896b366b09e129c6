"""The loops themselves, compiled by numba: some rows go down a tree together, edge by edge.

Eight points of the quadrature lie side by side and are reckoned by one vector operation. Each row is reckoned by the
same operations in the same order, whatever rows stand beside it, so that values are the same to the last bit with any
number of threads; no operation is fused or reordered (no ``fastmath``: NaN must stay NaN), so that they are the same on
every processor.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from workbench.kernels.compiling import compiled, inlined
from workbench.tables.edges import Array
from workbench.tables.walk import Walk

ROWS = 32  # that go down together: what they take of a tree of depth 60 fits in the second cache
POINTS = 8
BYTES = 8 * POINTS  # of the points of a row
DEAD, LOST, MET = range(3)  # what the path asks of a column was not met above, is not met here, is met


class Scratch(NamedTuple):
    """Room of one thread: by depth what rows carry down (``product``) and bring up (``total``), and the rest."""

    values: Array  # (columns of the matrix, rows)
    product: Array  # (depths, rows, points)
    total: Array  # (depths, rows, points)
    factor: Array  # (states, points)
    part: Array  # (depths, states, points)
    inverse: Array  # (depths, points)
    share: Array  # (depths,)
    met: Array  # (depths, rows)
    state: Array  # (depths, rows)
    goes: Array  # (depths, rows)
    column: Array  # (depths,)


def scratch(walk: Walk, used: int) -> Scratch:
    """Room for one thread."""
    depths = int(walk.depth.max(initial=0)) + 1
    return Scratch(
        values=np.zeros((used, ROWS)),
        product=np.zeros((depths, ROWS, POINTS)),
        total=np.zeros((depths, ROWS, POINTS)),
        factor=np.zeros((3, POINTS)),
        part=np.zeros((depths, 3, POINTS)),
        inverse=np.ones((depths, POINTS)),
        share=np.ones(depths),
        met=np.ones((depths, ROWS), np.bool_),
        state=np.zeros((depths, ROWS), np.int8),
        goes=np.zeros((depths, ROWS), np.bool_),
        column=np.zeros(depths, np.int64),
    )


# --- eight numbers at once ----------------------------------------------------------------------------------------

_EIGHT = ir.VectorType(ir.DoubleType(), POINTS)


def _read(builder: Any, address: Any) -> Any:
    return builder.load(builder.inttoptr(address, _EIGHT.as_pointer()), align=8)


def _write(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.inttoptr(address, _EIGHT.as_pointer()), align=8)


@intrinsic
def _carried_down(_: Any, above: Any, factor: Any, product: Any, total: Any) -> Any:
    """``product = above * factor; total = 0``, each the address of eight numbers."""

    def code(__: Any, builder: Any, ___: Any, at: Any) -> None:
        _write(builder, builder.fmul(_read(builder, at[0]), _read(builder, at[1])), at[2])
        _write(builder, ir.Constant(_EIGHT, None), at[3])

    return types.void(types.intp, types.intp, types.intp, types.intp), code


@intrinsic
def _brought_up(_: Any, total: Any, above: Any, added: Any, part: Any) -> Any:
    """``above += total; added += total * part``."""

    def code(__: Any, builder: Any, ___: Any, at: Any) -> None:
        _bring_up(builder, _read(builder, at[0]), *at[1:])

    return types.void(types.intp, types.intp, types.intp, types.intp), code


@intrinsic
def _from_leaf(_: Any, product: Any, factor: Any, above: Any, added: Any, part: Any) -> Any:
    """The same where ``total = product * factor``."""

    def code(__: Any, builder: Any, ___: Any, at: Any) -> None:
        _bring_up(builder, builder.fmul(_read(builder, at[0]), _read(builder, at[1])), *at[2:])

    return types.void(types.intp, types.intp, types.intp, types.intp, types.intp), code


def _bring_up(builder: Any, total: Any, above: Any, added: Any, part: Any) -> None:
    _write(builder, builder.fadd(_read(builder, added), builder.fmul(total, _read(builder, part))), added)
    _write(builder, builder.fadd(_read(builder, above), total), above)


@intrinsic
def _sum_of_products(_: Any, first: Any, second: Any, third: Any) -> Any:
    """``(first * second * third).sum()``: halves, quarters, eighths are added."""

    def code(__: Any, builder: Any, ___: Any, at: Any) -> Any:
        left = builder.fmul(builder.fmul(_read(builder, at[0]), _read(builder, at[1])), _read(builder, at[2]))
        for half in (4, 2, 1):
            width = ir.VectorType(ir.IntType(32), half)
            low, high = (ir.Constant(width, list(range(k, k + half))) for k in (0, half))
            nothing = ir.Constant(left.type, ir.Undefined)
            low, high = (builder.shuffle_vector(left, nothing, mask) for mask in (low, high))
            left = builder.fadd(low, high)
        return builder.extract_element(left, ir.Constant(ir.IntType(32), 0))

    return types.float64(types.intp, types.intp, types.intp), code


# --- down and up a tree -------------------------------------------------------------------------------------------


@inlined
def _enter(walk: Walk, i: int, at: Array, rows: int, room: Scratch) -> None:
    """What the edge to node ``i`` does to rows in each state, and their states."""
    d, b, z = walk.depth[i], walk.before[i], walk.share[i]
    above = room.share[b]
    room.share[d] = z
    for q in range(POINTS):
        u = 1.0 - at[q]
        here = at[q] + u * z
        inverse = 1.0 / here
        former = room.inverse[b, q]
        had = (1.0 - above) * former
        room.inverse[d, q] = inverse
        room.factor[DEAD, q] = z / above
        room.factor[LOST, q] = u * z * former
        room.factor[MET, q] = here * former
        room.part[d, DEAD, q] = 0.0
        room.part[d, LOST, q] = -1.0 / u - had
        room.part[d, MET, q] = (1.0 - z) * inverse - had
    for r in range(rows):
        was = room.met[b, r]
        met = was & (room.goes[d - 1, r] == walk.left[i])
        room.met[d, r] = met
        room.state[d, r] = np.int8(was) + np.int8(met)


@inlined
def _ask(walk: Walk, i: int, rows: int, room: Scratch) -> None:
    """Which way each row goes at node ``i``."""
    values, goes = room.values[walk.feature[i]], room.goes[walk.depth[i]]
    missing = walk.missing_left[i]
    if walk.category[i] >= 0:
        codes = walk.goes_left[walk.category[i]]
        for r in range(rows):
            x = values[r]
            goes[r] = missing if x != x else codes[np.int64(x) & 255]
        return
    threshold = walk.threshold[i]
    for r in range(rows):
        x = values[r]
        goes[r] = (x <= threshold) | (missing & (x != x))


@inlined
def _down(d: int, rows: int, room: Scratch) -> None:
    product, above = room.product[d].ctypes.data, room.product[d - 1].ctypes.data
    factor, total, state = room.factor.ctypes.data, room.total[d].ctypes.data, room.state[d]
    for r in range(rows):
        here = BYTES * r
        _carried_down(above + here, factor + BYTES * np.intp(state[r]), product + here, total + here)


@inlined
def _leaf(d: int, value: float, column: int, rows: int, room: Scratch, added: Array) -> None:
    for state in range(3):
        for q in range(POINTS):
            room.factor[state, q] *= value
    product, above = room.product[d - 1].ctypes.data, room.total[d - 1].ctypes.data
    factor, part, state = room.factor.ctypes.data, room.part[d].ctypes.data, room.state[d]
    to = added[column].ctypes.data
    for r in range(rows):
        k, here = BYTES * np.intp(state[r]), BYTES * r
        _from_leaf(product + here, factor + k, above + here, to + here, part + k)


@inlined
def _up(d: int, rows: int, room: Scratch, added: Array) -> None:
    total, above = room.total[d].ctypes.data, room.total[d - 1].ctypes.data
    part, state, to = room.part[d].ctypes.data, room.state[d], added[room.column[d]].ctypes.data
    for r in range(rows):
        here = BYTES * r
        _brought_up(total + here, above + here, to + here, part + BYTES * np.intp(state[r]))


@compiled
def _tree(
    walk: Walk, tree: int, value: Array, column: Array, at: Array, weight: Array, rows: int, room: Scratch, added: Array
) -> None:
    """Add to ``added``, shape (columns, rows, points), what one tree adds."""
    deep = 0
    for r in range(rows):
        for q in range(POINTS):
            room.product[0, r, q] = weight[q]
    for i in range(walk.starts[tree], walk.starts[tree + 1]):
        d = walk.depth[i]
        while deep >= d and deep > 0:
            _up(deep, rows, room, added)
            deep -= 1
        if d > 0:
            _enter(walk, i, at, rows, room)
            if walk.feature[i] < 0:
                _leaf(d, value[i], column[i], rows, room, added)
                deep = d - 1
                continue
            room.column[d] = column[i]
            _down(d, rows, room)
        _ask(walk, i, rows, room)
        deep = d
    while deep > 0:
        _up(deep, rows, room, added)
        deep -= 1


@inlined
def _load(matrix: Array, used: Array, start: int, rows: int, room: Scratch) -> None:
    for k in range(len(used)):
        for r in range(rows):
            room.values[k, r] = matrix[start + r, used[k]]


@inlined
def _sum(added: Array) -> float:
    return ((added[0] + added[1]) + (added[2] + added[3])) + ((added[4] + added[5]) + (added[6] + added[7]))


@compiled
def add_values(
    walk: Walk, matrix: Array, used: Array, value: Array, column: Array, rules: tuple[Array, Array], room: Scratch,
    added: Array, result: Array,
) -> None:  # fmt: skip
    """SHAP values of all rows, shape (rows, columns), into ``result``."""
    points, weights = rules
    for start in range(0, len(matrix), ROWS):
        rows = min(ROWS, len(matrix) - start)
        _load(matrix, used, start, rows, room)
        added[:] = 0.0
        for tree in range(len(walk.points)):
            rule = walk.points[tree] // POINTS - 1
            for q in range(0, walk.points[tree], POINTS):
                at, weight = points[rule, q : q + POINTS], weights[rule, q : q + POINTS]
                _tree(walk, tree, value, column, at, weight, rows, room, added)
        for c in range(len(added)):
            for r in range(rows):
                result[start + r, c] = _sum(added[c, r])


# --- interactions -------------------------------------------------------------------------------------------------


@inlined
def _remember(d: int, rows: int, room: Scratch, carried: Array, hides: Array) -> None:
    """What the path so far has of the column of the edge at depth ``d``, from the last edge of the same column on."""
    other = d - 1
    while other > 0 and room.column[other] != room.column[d]:
        other -= 1
    hides[d] = other
    for r in range(rows):
        part = room.part[d, room.state[d, r]]
        for q in range(POINTS):
            carried[d, r, q] = carried[other, r, q] + part[q]


@inlined
def _pair(d: int, rows: int, room: Scratch, carried: Array, hides: Array, hidden: Array, pairs: Array) -> None:
    """What the edge at depth ``d`` shares with each other column of the path above it."""
    for other in range(1, d):
        hidden[other] = False
    for other in range(d - 1, 0, -1):
        hidden[hides[other]] = True
        if hidden[other] or room.column[other] == room.column[d]:
            continue
        total, part, having = room.total[d].ctypes.data, room.part[d].ctypes.data, carried[other].ctypes.data
        for r in range(rows):
            k = BYTES * np.intp(room.state[d, r])
            shared = _sum_of_products(total + BYTES * r, part + k, having + BYTES * r)
            pairs[r, room.column[d], room.column[other]] += shared


@inlined
def _bring_up_pairs(
    d: int, rows: int, room: Scratch, carried: Array, hides: Array, hidden: Array, pairs: Array
) -> None:
    _pair(d, rows, room, carried, hides, hidden, pairs)
    for r in range(rows):
        for q in range(POINTS):
            room.total[d - 1, r, q] += room.total[d, r, q]


@compiled
def _tree_pairs(
    walk: Walk, tree: int, value: Array, column: Array, at: Array, weight: Array, rows: int, room: Scratch,
    carried: Array, hides: Array, hidden: Array, pairs: Array,
) -> None:  # fmt: skip
    """Add to ``pairs``, shape (rows, columns, columns), what one tree adds to pairs of different columns."""
    deep = 0
    for r in range(rows):
        for q in range(POINTS):
            room.product[0, r, q] = weight[q]
    for i in range(walk.starts[tree], walk.starts[tree + 1]):
        d = walk.depth[i]
        while deep >= d and deep > 0:
            _bring_up_pairs(deep, rows, room, carried, hides, hidden, pairs)
            deep -= 1
        if d > 0:
            _enter(walk, i, at, rows, room)
            room.column[d] = column[i]
            _down(d, rows, room)
            if walk.feature[i] < 0:
                for r in range(rows):
                    for q in range(POINTS):
                        room.total[d, r, q] = room.product[d, r, q] * value[i]
            else:
                _remember(d, rows, room, carried, hides)
        if walk.feature[i] >= 0:
            _ask(walk, i, rows, room)
        deep = d
    while deep > 0:
        _bring_up_pairs(deep, rows, room, carried, hides, hidden, pairs)
        deep -= 1


@compiled
def add_pairs(
    walk: Walk, matrix: Array, used: Array, value: Array, column: Array, rules: tuple[Array, Array], room: Scratch,
    result: Array,
) -> None:  # fmt: skip
    """Add the integrals of each pair of columns to ``result``, shape (rows, columns, columns), in one of its places."""
    points, weights = rules
    carried = np.zeros(room.product.shape)
    hides, hidden = np.zeros(len(room.share), np.int64), np.zeros(len(room.share), np.bool_)
    for start in range(0, len(matrix), ROWS):
        rows = min(ROWS, len(matrix) - start)
        _load(matrix, used, start, rows, room)
        for tree in range(len(walk.points)):
            rule = walk.points[tree] // POINTS - 1
            for q in range(0, walk.points[tree], POINTS):
                at, weight = points[rule, q : q + POINTS], weights[rule, q : q + POINTS]
                _tree_pairs(
                    walk, tree, value, column, at, weight, rows, room, carried, hides, hidden, result[start:]
                )  # fmt: skip


# --- values against rows of a background --------------------------------------------------------------------------


@intrinsic
def _count(_: Any, word: Any) -> Any:
    """How many bits are set."""
    return types.int64(types.uint64), lambda __, builder, ___, at: builder.ctpop(at[0])


@intrinsic
def _lowest(_: Any, word: Any) -> Any:
    """The place of the lowest bit that is set."""
    return types.int64(types.uint64), lambda __, builder, ___, at: builder.cttz(at[0], ir.Constant(ir.IntType(1), 1))


@inlined
def _goes(walk: Walk, i: int, x: float) -> bool:
    """Whether a value goes left at node ``i``."""
    if x != x:
        return walk.missing_left[i]
    if walk.category[i] >= 0:
        return walk.goes_left[walk.category[i], np.int64(x) & 255]
    return x <= walk.threshold[i]


class Against(NamedTuple):
    """Of one tree, by node from its root on, what is known of its paths' columns and of the background's rows.

    ``slot`` numbers the distinct columns of a path, ``fresh`` says where one comes first, ``paths`` how many there are
    by then. ``others`` has the background's rows that meet all that the path asks of the node's column, as bits. Behind
    a leaf lie, from ``first`` to before ``last``, the ``masks`` of slots that rows of the background meet, and what
    ``share`` of these rows they are.
    """

    slot: Array
    fresh: Array
    paths: Array
    others: Array
    first: Array
    last: Array


@compiled
def _number(walk: Walk, start: int, stop: int, column: Array, known: Against, on_path: Array) -> int:
    """Number the columns of all paths of a tree; how many one path has at most."""
    most = 0
    for i in range(start + 1, stop):
        k, d = i - start, walk.depth[i]
        on_path[d] = i
        above = known.paths[on_path[d - 1] - start] if d > 1 else 0
        slot = above
        for other in range(d - 1, 0, -1):
            if column[on_path[other]] == column[i]:
                slot = known.slot[on_path[other] - start]
                break
        known.slot[k], known.fresh[k] = slot, slot == above
        known.paths[k] = max(above, slot + 1)
        most = max(most, known.paths[k])
    return most


@inlined
def _marked(marks: np.uint64, slot: int, fresh: bool, meets: bool) -> np.uint64:
    """The slots that are met, once one more question is asked."""
    bit = np.uint64(1) << np.uint64(slot)
    if meets:
        return marks | bit if fresh else marks
    return marks & ~bit


@compiled
def _background(
    walk: Walk, start: int, stop: int, rows: Array, known: Against, marks: Array, goes: Array, table: Array
) -> tuple[Array, Array]:
    """Send all rows of the background, shape (columns, rows), down a tree; the leaves' masks and their shares.

    ``marks`` and ``goes`` have room for each depth and row, ``table`` for twice the rows, a power of two.
    """
    count = rows.shape[1]
    masks, shares, end = np.zeros(4 * count, np.uint64), np.zeros(4 * count), 0
    for i in range(start, stop):
        k, d = i - start, walk.depth[i]
        if d > 0:
            known.others[k, :] = np.uint64(0)
            bit = np.uint64(1) << np.uint64(known.slot[k])
            for r in range(count):
                meets = goes[d - 1, r] == walk.left[i]
                marks[d, r] = _marked(marks[d - 1, r], known.slot[k], known.fresh[k], meets)
                if marks[d, r] & bit:
                    known.others[k, r >> 6] |= np.uint64(1) << np.uint64(r & 63)
        if walk.feature[i] >= 0:
            for r in range(count):
                goes[d, r] = _goes(walk, i, rows[walk.feature[i], r])
            continue
        if end + count > len(masks):
            masks, shares = np.append(masks, np.zeros_like(masks)), np.append(shares, np.zeros_like(shares))
        known.first[k] = end
        end = _collected(marks[d], count, masks, shares, end, table)
        known.last[k] = end
    return masks, shares


@inlined
def _collected(marks: Array, count: int, masks: Array, shares: Array, first: int, table: Array) -> int:
    """Write the distinct ones of ``marks`` and their shares from ``first`` on; where they end."""
    table[:] = -1
    end = first
    for r in range(count):
        mark = marks[r]
        place = np.int64((mark * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & (len(table) - 1)
        while table[place] >= 0 and masks[table[place]] != mark:
            place = (place + 1) & (len(table) - 1)
        if table[place] < 0:
            table[place], masks[end], shares[end] = end, mark, 0.0
            end += 1
        shares[table[place]] += 1.0 / count
    return end


@inlined
def _share_out(
    own: np.uint64, paths: int, value: float, masks: Array, shares: Array, first: int, last: int, worth: Array,
    slots: Array, result: Array,
) -> None:  # fmt: skip
    """Add what a leaf gives to each column of its path, where the row itself meets the slots ``own``."""
    whole = ~np.uint64(0) >> np.uint64(64 - paths)
    lost = whole & ~own
    failed, against = _count(lost), 0.0
    for place in range(first, last):
        if masks[place] | own != whole:
            continue
        left = own & ~masks[place]
        gained = _count(left)
        weight = shares[place] * value
        against += weight * worth[failed, gained]
        added = weight * worth[gained, failed]
        while left:
            result[slots[_lowest(left)]] += added
            left &= left - np.uint64(1)
    while lost:
        result[slots[_lowest(lost)]] -= against
        lost &= lost - np.uint64(1)


@compiled
def _row_against(
    walk: Walk, start: int, stop: int, row: Array, used: Array, value: Array, column: Array, known: Against,
    masks: Array, shares: Array, worth: Array, marks: Array, alive: Array, goes: Array, slots: Array, result: Array,
) -> None:  # fmt: skip
    """Add what one tree adds to one row; whatever neither it nor a row of the background can reach is skipped."""
    i = start
    while i < stop:
        k, d = i - start, walk.depth[i]
        if d > 0:
            slot = known.slot[k]
            if known.fresh[k]:
                slots[slot] = column[i]
            marks[d] = _marked(marks[d - 1], slot, known.fresh[k], goes[d - 1] == walk.left[i])
            met, some = (marks[d] >> np.uint64(slot)) & np.uint64(1), np.uint64(0)
            for word in range(alive.shape[1]):
                alive[d, word] = alive[d - 1, word] if met else alive[d - 1, word] & known.others[k, word]
                some |= alive[d, word]
            if not some:
                i += walk.size[i]
                continue
        if walk.feature[i] < 0:
            _share_out(
                marks[d], known.paths[k], value[i], masks, shares, known.first[k], known.last[k], worth, slots, result
            )
        else:
            goes[d] = _goes(walk, i, row[used[walk.feature[i]]])
        i += 1


@compiled
def add_against(
    walk: Walk, matrix: Array, background: Array, used: Array, value: Array, column: Array, worth: Array, result: Array
) -> bool:
    """Add values against the background's rows to ``result``, shape (rows, columns).

    ``worth[a, b]`` is the weight of a column that is one of ``a`` that pull one way, against ``b`` others. False where
    a path has more columns than a word has bits.
    """
    depths, count, largest = walk.depth.max() + 1, len(background), np.diff(walk.starts).max()
    rows = np.ascontiguousarray(background[:, used].T)
    known = Against(
        np.zeros(largest, np.int64), np.zeros(largest, np.bool_), np.zeros(largest, np.int64),
        np.zeros((largest, (count + 63) >> 6), np.uint64), np.zeros(largest, np.int64), np.zeros(largest, np.int64),
    )  # fmt: skip
    size = 2
    while size < 2 * count:
        size *= 2
    table, on_path = np.zeros(size, np.int64), np.zeros(depths, np.int64)
    marks, goes = np.zeros((depths, count), np.uint64), np.zeros((depths, count), np.bool_)
    own, went, slots = np.zeros(depths, np.uint64), np.zeros(depths, np.bool_), np.zeros(64, np.int64)
    alive = np.full((depths, known.others.shape[1]), ~np.uint64(0))
    for r in range(count, 64 * alive.shape[1]):
        alive[0, r >> 6] &= ~(np.uint64(1) << np.uint64(r & 63))
    for tree in range(len(walk.points)):
        start, stop = walk.starts[tree], walk.starts[tree + 1]
        if _number(walk, start, stop, column, known, on_path) > 64:
            return False
        masks, shares = _background(walk, start, stop, rows, known, marks, goes, table)
        for r in range(len(matrix)):
            _row_against(
                walk, start, stop, matrix[r], used, value, column, known, masks, shares, worth, own, alive, went,
                slots, result[r],
            )  # fmt: skip
    return True
