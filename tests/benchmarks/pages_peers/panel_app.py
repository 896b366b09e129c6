"""The report as a Panel page."""

import panel as pn
from bokeh.plotting import figure
from told import drift, incidents, report, scores

pn.extension()
told = report()
table = scores(told)
window = pn.widgets.Select(name="Window", options=list(table.window)[::-1])
chart = figure(x_range=list(table.window), height=300, sizing_mode="stretch_width")
chart.line(list(table.window), list(table.value))
tiles = pn.Row(
    pn.indicators.Number(name="Score", value=float(table.value.iloc[-1])),
    pn.indicators.Number(name="Windows", value=len(told["windows"])),
    pn.indicators.Number(name="Incidents", value=len(told["incidents"])),
)
shown = pn.bind(lambda label: pn.pane.DataFrame(drift(told).query("window == @label")), window)
pn.Column(
    f"# {told['name']}", tiles, pn.pane.Bokeh(chart), window, shown, pn.pane.DataFrame(incidents(told))
).servable()
