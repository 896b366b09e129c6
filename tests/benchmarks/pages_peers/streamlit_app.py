"""The report as a Streamlit page."""

import altair as alt
import streamlit as st
from told import drift, incidents, report, scores

told = report()
st.title(told["name"])
table = scores(told)
for column, (name, value) in zip(
    st.columns(3),
    {"Score": table.value.iloc[-1], "Windows": len(told["windows"]), "Incidents": len(told["incidents"])}.items(),
    strict=True,
):
    column.metric(name, value)
st.altair_chart(
    alt.Chart(table).mark_line(point=True).encode(x="window", y=alt.Y("value", scale=alt.Scale(zero=False)))
)
window = st.selectbox("Window", list(table.window)[::-1])
st.table(drift(told).query("window == @window"))
st.table(incidents(told))
