/* Trees at run time: predictions, and SHAP values of rows, for a runtime that has no compiler of its own.
 *
 * C99 without a library. Each function does what its namesake in Python does, number by number in the same order, so
 * that results don't depend on who reckoned them: nothing is fused or reordered (no -ffast-math, -ffp-contract=off).
 * Tables are those that workbench.tables has checked or made: no index is looked at again here.
 */

#include <float.h>
#include <stdint.h>

#if !defined(FLT_EVAL_METHOD) || FLT_EVAL_METHOD != 0
#error "Sums would be rounded otherwise than numpy rounds them."
#endif

#if defined(_WIN32)
#define SHOWN __declspec(dllexport)
#else
#define SHOWN __attribute__((visibility("default")))
#endif

/* The same code once more for wider vectors, chosen when it is loaded: each number is the same. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

#if defined(__GNUC__)
#define INLINED static inline __attribute__((always_inline))
#else
#define INLINED static inline
#endif

#define POINTS 8 /* of the quadrature, side by side */
#define ROWS 32  /* that go down a tree together, with their values */
#define BLOCK 1024 /* that meet a tree, or the values of a group of leaves, while these are near */

enum { DEAD, LOST, MET };

SHOWN int32_t wb_version(void) { return 1; }

/* --- where a value goes ------------------------------------------------------------------------------------------ */

INLINED int64_t code_of(double x) { return x > -9e18 && x < 9e18 ? (int64_t)x & 255 : 0; }

INLINED uint8_t goes_left(double x, double threshold, uint8_t missing_left, int32_t category, const uint8_t *tables)
{
    if (x != x)
        return missing_left;
    return category >= 0 ? tables[256 * (int64_t)category + code_of(x)] : x <= threshold;
}

/* --- predictions ------------------------------------------------------------------------------------------------- */

typedef struct {
    double threshold;
    int32_t feature;  /* -1: a leaf */
    int32_t child[2]; /* right, left */
    int32_t category; /* twice the line of the tables, plus whether a missing value goes left; below 0: no category */
} node;

#define ABREAST 8 /* rows that go down a tree by turns: none waits for the memory of another */

INLINED void leaves_of(const node *nodes, int32_t root, const double *matrix, int64_t columns, int rows,
                       const uint8_t *tables, int32_t *at)
{
    int more = 1;
    for (int k = 0; k < rows; k++)
        at[k] = root;
    while (more) {
        more = 0;
        for (int k = 0; k < rows; k++) {
            const node *here = nodes + at[k];
            if (here->feature < 0)
                continue;
            double x = matrix[k * columns + here->feature];
            at[k] = here->child[goes_left(x, here->threshold, here->category & 1, here->category >> 1, tables)];
            more = 1;
        }
    }
}

/* The sums of the leaves of each row, one tree after the other; result has rows x outputs. */
SHOWN void wb_predict(const node *nodes, const int64_t *roots, const int64_t *outputs, int64_t trees,
                      const uint8_t *tables, const double *value, int64_t width, const double *baseline,
                      int64_t all_outputs, int64_t single_sum, const double *matrix, int64_t rows, int64_t columns,
                      double *result)
{
    for (int64_t start = 0; start < rows; start += BLOCK) {
        int64_t stop = start + BLOCK < rows ? start + BLOCK : rows;
        for (int64_t r = start; r < stop; r++)
            for (int64_t k = 0; k < all_outputs; k++)
                result[r * all_outputs + k] = single_sum ? (double)(float)baseline[k] : baseline[k];
        for (int64_t t = 0; t < trees; t++)
            for (int64_t r = start; r < stop; r += ABREAST) {
                int32_t at[ABREAST];
                int many = stop - r < ABREAST ? (int)(stop - r) : ABREAST;
                leaves_of(nodes, (int32_t)roots[t], matrix + r * columns, columns, many, tables, at);
                for (int i = 0; i < many; i++) {
                    const double *added = value + width * at[i];
                    double *sums = result + (r + i) * all_outputs + outputs[t];
                    for (int64_t k = 0; k < width; k++)
                        sums[k] = single_sum ? (double)((float)sums[k] + (float)added[k]) : sums[k] + added[k];
                }
            }
    }
}

/* --- predictions by look-up -------------------------------------------------------------------------------------- */

INLINED int64_t place_of(uint64_t word)
{
#if defined(__GNUC__)
    return __builtin_ctzll(word);
#else
    int64_t place = 0;
    while (!(word >> place & 1))
        place++;
    return place;
#endif
}

#define LOOKUP(name, word)                                                                                             \
    INLINED void name(const word *table, const int64_t *codes, int64_t questions, int64_t rows, int64_t r,            \
                      int64_t trees, uint64_t *words)                                                                  \
    {                                                                                                                  \
        word taken[64];                                                                                                \
        for (int64_t t = 0; t < trees; t += 64) {                                                                      \
            int64_t many = trees - t < 64 ? trees - t : 64;                                                            \
            const word *first = table + codes[r] * trees + t;                                                          \
            for (int64_t k = 0; k < many; k++)                                                                         \
                taken[k] = first[k];                                                                                   \
            for (int64_t q = 1; q < questions; q++) {                                                                  \
                const word *other = table + codes[q * rows + r] * trees + t;                                           \
                for (int64_t k = 0; k < many; k++)                                                                     \
                    taken[k] &= other[k];                                                                              \
            }                                                                                                          \
            for (int64_t k = 0; k < many; k++)                                                                         \
                words[t + k] = taken[k];                                                                               \
        }                                                                                                              \
    }

LOOKUP(lookup_8, uint8_t)
LOOKUP(lookup_16, uint16_t)
LOOKUP(lookup_32, uint32_t)
LOOKUP(lookup_64, uint64_t)

/* As wb_predict, by tables of the leaves that each code can still reach; codes has questions x rows, each tree's leaves
 * take `most` lines of value, and words has room for a number a tree. */
WIDE SHOWN void wb_lookup(const void *table, int64_t bytes, const int64_t *codes, int64_t questions, int64_t rows,
                          int64_t trees, int64_t most, const int64_t *outputs, const double *value, int64_t width,
                          const double *baseline, int64_t all_outputs, int64_t single_sum, uint64_t *words,
                          double *result)
{
    for (int64_t r = 0; r < rows; r++) {
        double *sums = result + r * all_outputs;
        if (bytes == 1)
            lookup_8(table, codes, questions, rows, r, trees, words);
        else if (bytes == 2)
            lookup_16(table, codes, questions, rows, r, trees, words);
        else if (bytes == 4)
            lookup_32(table, codes, questions, rows, r, trees, words);
        else
            lookup_64(table, codes, questions, rows, r, trees, words);
        for (int64_t k = 0; k < all_outputs; k++)
            sums[k] = single_sum ? (double)(float)baseline[k] : baseline[k];
        if (width == 1 && all_outputs == 1 && !single_sum) {
            double sum = sums[0];
            for (int64_t t = 0; t < trees; t++)
                sum += value[most * t + place_of(words[t])];
            sums[0] = sum;
            continue;
        }
        for (int64_t t = 0; t < trees; t++) {
            const double *added = value + width * (most * t + place_of(words[t]));
            double *into = sums + outputs[t];
            for (int64_t k = 0; k < width; k++)
                into[k] = single_sum ? (double)((float)into[k] + (float)added[k]) : into[k] + added[k];
        }
    }
}

/* --- reasons by look-up ------------------------------------------------------------------------------------------ */

/* What each column adds by the groups of leaves, rows x wide. lines has groups x codes; codes has questions x rows. A
 * group asks the questions from asks[ask[g]] on, and its lines have values of the columns from shown[show[g]] on. at and
 * sums have room for a number a row of a block, and for one a row and column. */
WIDE SHOWN void wb_patterns(const int32_t *lines, int64_t all_codes, int64_t groups, const int64_t *codes, int64_t rows,
                            const int32_t *asks, const int64_t *ask, const int32_t *shown, const int64_t *show,
                            const double *values, int64_t wide, int32_t *at, double *sums, double *result)
{
    for (int64_t start = 0; start < rows; start += BLOCK) {
        int64_t n = rows - start < BLOCK ? rows - start : BLOCK;
        for (int64_t k = 0; k < n * wide; k++)
            sums[k] = 0.0;
        for (int64_t g = 0; g < groups; g++) {
            const int32_t *line = lines + g * all_codes;
            if (n == 1) {
                int32_t place = 0;
                for (int64_t i = ask[g]; i < ask[g + 1]; i++)
                    place += line[codes[asks[i] * rows + start]];
                for (int64_t i = show[g]; i < show[g + 1]; i++)
                    sums[shown[i]] += values[place + (i - show[g])];
                continue;
            }
            for (int64_t r = 0; r < n; r++)
                at[r] = 0;
            for (int64_t i = ask[g]; i < ask[g + 1]; i++) {
                const int64_t *code = codes + asks[i] * rows + start;
                for (int64_t r = 0; r < n; r++)
                    at[r] += line[code[r]];
            }
            for (int64_t i = show[g]; i < show[g + 1]; i++) {
                const double *value = values + (i - show[g]);
                double *sum = sums + n * shown[i];
                for (int64_t r = 0; r < n; r++)
                    sum[r] += value[at[r]];
            }
        }
        for (int64_t r = 0; r < n; r++)
            for (int64_t c = 0; c < wide; c++)
                result[(start + r) * wide + c] = sums[c * n + r];
    }
}

/* --- reasons down the paths -------------------------------------------------------------------------------------- */

typedef struct {
    int64_t trees;
    const int64_t *starts, *points;
    const int32_t *depth, *before;
    const uint8_t *left;
    const double *share;
    const int32_t *feature;
    const double *threshold;
    const uint8_t *missing_left;
    const int32_t *category;
    const uint8_t *goes_left;
    const int32_t *node, *asked; /* by place: the model's node, and what is asked above it, as a place in columns */
    const double *value;         /* nodes x width */
    int64_t width;
    const int64_t *offset; /* by tree: which of a leaf's values is the output's */
    double divisor;
    const int32_t *columns;
} walk;

typedef struct {
    int64_t rows;                             /* that go down now */
    double *values;                           /* columns that are used x ROWS */
    double *product, *total;                  /* depths x rows x points: what rows carry down, and bring up */
    double *part;                             /* depths x states x points; of one row depths x points */
    double *inverse;                          /* depths x points */
    double *share;                            /* depths */
    double *added;                            /* columns x rows x points */
    uint8_t *met, *state, *goes;              /* depths x ROWS */
    int32_t column[4096];                     /* by depth */
    double factor[3 * POINTS];
} room;

INLINED double value_of(const walk *w, int64_t i, int64_t t)
{
    return w->value[w->width * w->node[i] + w->offset[t]] / w->divisor;
}

INLINED int64_t column_of(const walk *w, int64_t i) { return w->columns[w->asked[i]]; }

INLINED void ask(const walk *w, int64_t i, room *m)
{
    const double *values = m->values + ROWS * (int64_t)w->feature[i];
    uint8_t *goes = m->goes + ROWS * (int64_t)w->depth[i];
    for (int64_t r = 0; r < m->rows; r++)
        goes[r] = goes_left(values[r], w->threshold[i], w->missing_left[i], w->category[i], w->goes_left);
}

/* What the edge to node i does to rows in each state, and their states. */
INLINED void enter(const walk *w, int64_t i, const double *at, const double *lost, room *m)
{
    int64_t d = w->depth[i], b = w->before[i];
    double z = w->share[i], above = m->share[b], dead = z / above;
    double *inverse = m->inverse + POINTS * d, *part = m->part + 3 * POINTS * d;
    const double *former = m->inverse + POINTS * b;
    m->share[d] = z;
    for (int q = 0; q < POINTS; q++) {
        double u = 1.0 - at[q], here = at[q] + u * z, own = 1.0 / here, had = (1.0 - above) * former[q];
        inverse[q] = own;
        m->factor[POINTS * DEAD + q] = dead;
        m->factor[POINTS * LOST + q] = u * z * former[q];
        m->factor[POINTS * MET + q] = here * former[q];
        part[POINTS * DEAD + q] = 0.0;
        part[POINTS * LOST + q] = lost[q] - had;
        part[POINTS * MET + q] = (1.0 - z) * own - had;
    }
    const uint8_t *was = m->met + ROWS * b, *goes = m->goes + ROWS * (d - 1);
    uint8_t *met = m->met + ROWS * d, *state = m->state + ROWS * d;
    for (int64_t r = 0; r < m->rows; r++) {
        met[r] = was[r] & (goes[r] == w->left[i]);
        state[r] = was[r] + met[r];
    }
}

INLINED void down(int64_t d, room *m)
{
    const double *above = m->product + POINTS * m->rows * (d - 1);
    double *product = m->product + POINTS * m->rows * d, *total = m->total + POINTS * m->rows * d;
    const uint8_t *state = m->state + ROWS * d;
    for (int64_t r = 0; r < m->rows; r++) {
        const double *factor = m->factor + POINTS * state[r];
        for (int q = 0; q < POINTS; q++) {
            product[POINTS * r + q] = above[POINTS * r + q] * factor[q];
            total[POINTS * r + q] = 0.0;
        }
    }
}

INLINED void leaf(int64_t d, double value, int64_t column, room *m)
{
    for (int q = 0; q < 3 * POINTS; q++)
        m->factor[q] *= value;
    const double *product = m->product + POINTS * m->rows * (d - 1);
    double *above = m->total + POINTS * m->rows * (d - 1), *to = m->added + POINTS * m->rows * column;
    const uint8_t *state = m->state + ROWS * d;
    for (int64_t r = 0; r < m->rows; r++) {
        const double *factor = m->factor + POINTS * state[r], *part = m->part + POINTS * (3 * d + state[r]);
        for (int q = 0; q < POINTS; q++) {
            double total = product[POINTS * r + q] * factor[q];
            to[POINTS * r + q] += total * part[q];
            above[POINTS * r + q] += total;
        }
    }
}

INLINED void up(int64_t d, room *m)
{
    const double *total = m->total + POINTS * m->rows * d;
    double *above = m->total + POINTS * m->rows * (d - 1);
    double *to = m->added + POINTS * m->rows * (int64_t)m->column[d];
    const uint8_t *state = m->state + ROWS * d;
    for (int64_t r = 0; r < m->rows; r++) {
        const double *part = m->part + POINTS * (3 * d + state[r]);
        for (int q = 0; q < POINTS; q++) {
            to[POINTS * r + q] += total[POINTS * r + q] * part[q];
            above[POINTS * r + q] += total[POINTS * r + q];
        }
    }
}

INLINED void begin_tree(const double *weight, room *m)
{
    for (int64_t r = 0; r < m->rows; r++)
        for (int q = 0; q < POINTS; q++)
            m->product[POINTS * r + q] = weight[q];
}

INLINED void tree(const walk *w, int64_t t, const double *at, const double *lost, const double *weight, room *m)
{
    int64_t deep = 0;
    begin_tree(weight, m);
    for (int64_t i = w->starts[t]; i < w->starts[t + 1]; i++) {
        int64_t d = w->depth[i];
        for (; deep >= d && deep > 0; deep--)
            up(deep, m);
        if (d > 0) {
            enter(w, i, at, lost, m);
            if (w->feature[i] < 0) {
                leaf(d, value_of(w, i, t), column_of(w, i), m);
                deep = d - 1;
                continue;
            }
            m->column[d] = (int32_t)column_of(w, i);
            down(d, m);
        }
        ask(w, i, m);
        deep = d;
    }
    for (; deep > 0; deep--)
        up(deep, m);
}

/* The same of one row: of an edge only what the row's own state needs is reckoned, by the same operations. */
INLINED void enter_one(const walk *w, int64_t i, const double *at, const double *lost, room *m)
{
    int64_t d = w->depth[i], b = w->before[i];
    double z = w->share[i], above = m->share[b];
    double *inverse = m->inverse + POINTS * d, *part = m->part + POINTS * d;
    const double *former = m->inverse + POINTS * b;
    uint8_t was = m->met[ROWS * b], met = was & (m->goes[ROWS * (d - 1)] == w->left[i]);
    m->share[d] = z;
    m->met[ROWS * d] = met;
    if (!was) {
        double dead = z / above;
        for (int q = 0; q < POINTS; q++) {
            m->factor[q] = dead;
            part[q] = 0.0;
        }
    } else if (!met) {
        for (int q = 0; q < POINTS; q++) {
            double u = 1.0 - at[q];
            m->factor[q] = u * z * former[q];
            part[q] = lost[q] - (1.0 - above) * former[q];
        }
    } else {
        for (int q = 0; q < POINTS; q++) {
            double u = 1.0 - at[q], here = at[q] + u * z, own = 1.0 / here;
            inverse[q] = own;
            m->factor[q] = here * former[q];
            part[q] = (1.0 - z) * own - (1.0 - above) * former[q];
        }
    }
}

INLINED void up_one(int64_t d, room *m)
{
    const double *total = m->total + POINTS * d, *part = m->part + POINTS * d;
    double *above = m->total + POINTS * (d - 1), *to = m->added + POINTS * (int64_t)m->column[d];
    for (int q = 0; q < POINTS; q++) {
        to[q] += total[q] * part[q];
        above[q] += total[q];
    }
}

INLINED void tree_one(const walk *w, int64_t t, const double *at, const double *lost, const double *weight, room *m)
{
    int64_t deep = 0;
    begin_tree(weight, m);
    for (int64_t i = w->starts[t]; i < w->starts[t + 1]; i++) {
        int64_t d = w->depth[i];
        for (; deep >= d && deep > 0; deep--)
            up_one(deep, m);
        if (d > 0) {
            double *product = m->product + POINTS * d, *total = m->total + POINTS * d;
            const double *carried = product - POINTS, *part = m->part + POINTS * d;
            enter_one(w, i, at, lost, m);
            if (w->feature[i] < 0) {
                double value = value_of(w, i, t), *above = total - POINTS, *to = m->added + POINTS * column_of(w, i);
                for (int q = 0; q < POINTS; q++) {
                    double one = carried[q] * (m->factor[q] * value);
                    to[q] += one * part[q];
                    above[q] += one;
                }
                deep = d - 1;
                continue;
            }
            m->column[d] = (int32_t)column_of(w, i);
            for (int q = 0; q < POINTS; q++) {
                product[q] = carried[q] * m->factor[q];
                total[q] = 0.0;
            }
        }
        ask(w, i, m);
        deep = d;
    }
    for (; deep > 0; deep--)
        up_one(deep, m);
}

/* SHAP values of rows of the matrix, rows x columns. The rules have at, weight and -1 / (1 - at), each rules x most
 * points. The rooms have as many numbers and bytes as wb_room and wb_flags say. */
WIDE SHOWN void wb_values(const walk *w, const double *matrix, int64_t rows, int64_t wide, const int64_t *used,
                          int64_t many_used, int64_t columns, int64_t depths, const double *at, const double *weight,
                          const double *lost, int64_t most_points, double *numbers, uint8_t *flags, double *result)
{
    room m;
    for (int64_t start = 0; start < rows; start += ROWS) {
        int64_t n = rows - start < ROWS ? rows - start : ROWS;
        m.rows = n;
        m.values = numbers;
        m.product = m.values + ROWS * many_used;
        m.total = m.product + POINTS * n * depths;
        m.part = m.total + POINTS * n * depths;
        m.inverse = m.part + 3 * POINTS * depths;
        m.share = m.inverse + POINTS * depths;
        m.added = m.share + depths;
        m.met = flags;
        m.state = m.met + ROWS * depths;
        m.goes = m.state + ROWS * depths;
        m.share[0] = 1.0;
        for (int q = 0; q < POINTS; q++)
            m.inverse[q] = 1.0;
        for (int64_t r = 0; r < n; r++)
            m.met[r] = 1;
        for (int64_t k = 0; k < many_used; k++)
            for (int64_t r = 0; r < n; r++)
                m.values[ROWS * k + r] = matrix[(start + r) * wide + used[k]];
        for (int64_t k = 0; k < POINTS * n * columns; k++)
            m.added[k] = 0.0;
        for (int64_t k = 0; k < POINTS * n; k++)
            m.total[k] = 0.0;
        for (int64_t t = 0; t < w->trees; t++) {
            int64_t rule = (w->points[t] / POINTS - 1) * most_points;
            for (int64_t q = rule; q < rule + w->points[t]; q += POINTS) {
                if (n == 1)
                    tree_one(w, t, at + q, lost + q, weight + q, &m);
                else
                    tree(w, t, at + q, lost + q, weight + q, &m);
            }
        }
        for (int64_t r = 0; r < n; r++)
            for (int64_t c = 0; c < columns; c++) {
                const double *a = m.added + POINTS * (n * c + r);
                result[(start + r) * columns + c] =
                    ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7]));
            }
    }
}

/* Numbers and bytes of room for rows that go down together. */
SHOWN int64_t wb_room(int64_t rows, int64_t many_used, int64_t columns, int64_t depths)
{
    int64_t n = rows < ROWS ? rows : ROWS;
    return ROWS * many_used + POINTS * n * (2 * depths + columns) + 4 * POINTS * depths + depths;
}

SHOWN int64_t wb_flags(int64_t depths) { return 3 * ROWS * depths; }
