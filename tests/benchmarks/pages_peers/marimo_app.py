"""The report as a marimo app."""

import marimo

app = marimo.App()


@app.cell
def _():
    import altair as alt
    import marimo as mo
    from told import drift, incidents, report, scores

    told = report()
    table = scores(told)
    return alt, drift, incidents, mo, table, told


@app.cell
def _(mo, table, told):
    window = mo.ui.dropdown(list(table.window)[::-1], value=table.window.iloc[-1], label="Window")
    tiles = mo.hstack(
        [
            mo.stat(f"{table.value.iloc[-1]:.3f}", label="Score"),
            mo.stat(len(told["windows"]), label="Windows"),
            mo.stat(len(told["incidents"]), label="Incidents"),
        ]
    )
    mo.vstack([mo.md(f"# {told['name']}"), tiles, window])
    return (window,)


@app.cell
def _(alt, table):
    alt.Chart(table).mark_line(point=True).encode(x="window", y=alt.Y("value", scale=alt.Scale(zero=False)))
    return


@app.cell
def _(drift, incidents, mo, told, window):
    label = window.value  # noqa: F841 - pandas reads it
    mo.vstack([mo.plain(drift(told).query("window == @label")), mo.plain(incidents(told))])
    return


if __name__ == "__main__":
    app.run()
