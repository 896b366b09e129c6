"""The command line: quick help, clear errors, exit codes that scripts can trust."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import workbench as wb
from workbench import __version__, cli
from workbench.cli import parameters
from workbench.errors import BadParameter, BadTable

ROOT = Path(__file__).parents[1]
run = CliRunner().invoke


def workbench(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_version_is_the_projects():
    assert run(cli.app, ["version"]).output.strip() == __version__
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_every_command_has_a_sentence_and_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    for name, callback in commands().items():
        assert callback.__doc__
        assert f"workbench {name}" in readme, f"README does not tell of `workbench {name}`"


def commands():
    """Functions of all commands by their names, those of groups among them."""
    own = {c.name or c.callback.__name__: c.callback for c in cli.app.registered_commands}
    groups = [(g.name, c) for g in cli.app.registered_groups for c in g.typer_instance.registered_commands]
    return own | {f"{group} {c.name or c.callback.__name__}": c.callback for group, c in groups}


def test_a_row_of_a_leaderboard_is_written_as_a_notebook(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{k % 7},{'yes' if k % 7 > 3 or k % 5 == 0 else 'no'}" for k in range(200)]
    Path("left.csv").write_text("\n".join(["days,left", *rows]))
    trained = wb.train("left.csv", target="left", candidates=["baseline", "linear"])

    done = run(cli.app, ["notebook", trained.id, "linear", "--data", "left.csv", "--out", "mine.ipynb"])
    best = run(cli.app, ["notebook", trained.id])
    unknown = run(cli.app, ["notebook", trained.id, "linaer"])

    assert done.output.strip() == str(tmp_path / "mine.ipynb")
    assert "LogisticRegression" in Path("mine.ipynb").read_text()
    assert Path(f"{trained.best.name}.ipynb").is_file()
    assert best.exit_code == 0
    assert isinstance(unknown.exception, BadParameter)


@pytest.mark.slow
def test_fairness_tells_of_groups_and_ends_with_1_where_somebody_asks_for_a_verdict(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{k % 7},{'fm'[k % 2]},{'yes' if k % 7 > 3 and k % 2 else 'no'}" for k in range(600)]
    Path("loans.csv").write_text("\n".join(["days,sex,loan", *rows]))
    trained = wb.train("loans.csv", target="loan", candidates=["linear"], folds=2)
    asked = ["fairness", trained.id, "--by", "sex", "--by", "days", "--bins", "days=3", "--no-why", "--label", "no"]

    told = run(cli.app, [*asked, "--html", "fair.html", "--save", "fair.json"], env={"COLUMNS": "200"})
    strict = run(cli.app, [*asked, "--strict"])

    assert told.exit_code == 0
    assert "sex × days  f, below 3" in told.output
    assert "Demographic parity difference" in told.output
    assert "<!doctype html>" in Path("fair.html").read_text()
    assert wb.Fairness.load(Path("fair.json")).label == "no"
    assert strict.exit_code == 1


def test_an_error_of_ours_is_one_line_and_exit_code_2(tmp_path):
    done = workbench("submit", "no-such-notebook.ipynb", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("workbench: ")
    assert "Traceback" not in done.stderr


WRONG = {
    "profile": ["gone.csv"],
    "fairness": ["no-such-run", "--bins", "age=young"],
    "serve": ["nowhere"],
    "keys": ["turn", "--file", "keys.json"],
    "feedback": ["nowhere", "labels.csv"],
    "log show": ["nowhere"],
    "log export": ["nowhere", "--to", "log.csv"],
    "log prune": ["nowhere", "--days", "30"],
    "incidents": ["nowhere", "close", "1a"],
    "verify": ["nowhere", "--here"],
    "sign": ["nowhere"],
    "notebook": ["no-such-run"],
    "export": ["onnx", "nowhere"],
    "submit": ["nowhere.ipynb", "-p", "novalue"],
    "jobs": ["--state", "odd"],
    "batch": ["nowhere"],
    "resume": ["nowhere", "-p", "novalue"],
    "stop": ["nowhere"],
    "notify add": ["nobody"],
    "notify remove": ["nobody"],
    "notify rules": ["--stale", "soon"],
    "notify test": ["nobody"],
    "schedule add": ["nightly", "profile.ipynb", "61 * * * *"],
    "schedule show": ["nowhere"],
    "schedule next": ["61 * * * *"],
    "schedule pause": ["nowhere"],
    "schedule resume": ["nowhere"],
    "schedule remove": ["nowhere"],
    "watch add": ["nowhere", "--every", "1d"],
    "watch approve": ["nowhere"],
    "watch pause": ["nowhere"],
    "watch refuse": ["nowhere"],
    "watch remove": ["nowhere"],
    "watch resume": ["nowhere"],
    "watch run": ["nowhere"],
    "watch show": ["nowhere"],
    "delete": ["nowhere"],
    "reproduce": ["nowhere"],
    "compare": ["nowhere", "elsewhere"],
    "prune": ["--older", "soon"],
    "challenge": ["nowhere", "1"],
    "promote": ["nowhere", "1"],
    "rollback": ["nowhere"],
    "audit": ["nowhere"],
    "monitor": ["--no-browser", "--notebooks", "nowhere"],
}
# These take nothing that could be wrong but what typer itself refuses.
TAKE_NOTHING = {"scheduler", "schedule list", "watch list", "notify list", "tour", "lab", "version"}


def test_every_command_is_tried_with_something_wrong():
    assert set(commands()) == {*WRONG, *TAKE_NOTHING}


@pytest.mark.parametrize("command", WRONG)
def test_what_a_command_refuses_is_one_line(command, store, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["workbench", *command.split(), *WRONG[command]])

    with pytest.raises(SystemExit) as end:
        cli.main()
    said = capsys.readouterr().err.strip().splitlines()

    assert end.value.code == 2
    assert len(said) == 1
    assert said[0].startswith("workbench: ")


def test_the_whole_traceback_is_there_where_somebody_asks_for_it(monkeypatch):
    monkeypatch.setattr("sys.argv", ["workbench", "profile", "gone.csv"])
    monkeypatch.setenv("WORKBENCH_DEBUG", "1")

    with pytest.raises(BadTable, match=r"gone\.csv"):
        cli.main()


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("window=2013-07", ("window", "2013-07")),
        (" n =3", ("n", "3")),
        ("x='3'", ("x", "'3'")),
        ("a=b=c", ("a", "b=c")),
    ],
)
def test_a_parameter_is_a_name_and_a_text_that_its_type_reads(text, pair):
    assert parameters._pair(text) == pair


def test_a_parameter_without_equals_is_refused():
    with pytest.raises(BadParameter, match="NAME=VALUE"):
        parameters._pair("window")


def test_a_schedule_is_made_shown_paused_and_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = run(cli.app, ["schedule", "add", "nightly", "profile", "30 2 * * *", "-p", "source=churn.csv",
                         "--zone", "Asia/Tokyo", "--retries", "2", "--notify", "failure:env:HOOK"])  # fmt: skip
    lists = [run(cli.app, ["schedule", *words]).output for words in (["list"], ["pause", "nightly"], ["list"])]
    shown = run(cli.app, ["schedule", "show", "nightly", "--next", "3"]).output
    resumed = run(cli.app, ["schedule", "resume", "nightly"]).output
    removed = run(cli.app, ["schedule", "remove", "nightly"]).output

    assert made.output.startswith("nightly  profile.ipynb, At 02:30 every day (Asia/Tokyo), next 20")
    assert made.output.count("02:30 JST") == 5
    assert ["paused" in text for text in [*lists, shown, resumed]] == [False, True, True, True, False]
    assert removed == "nightly is removed.\n"
    assert run(cli.app, ["schedule", "list"]).output == ""


def test_the_next_moments_of_an_expression_are_told():
    told = run(cli.app, ["schedule", "next", "0 12 * * mon", "--zone", "Europe/Berlin", "--next", "2"]).output

    assert [line[:4] + line[15:20] for line in told.splitlines()] == ["Mon 12:00"] * 2


def test_jobs_of_an_empty_home_are_none():
    assert run(cli.app, ["jobs"]).output == ""


def test_a_table_is_looked_at_from_the_terminal(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n" + "\n".join(f"{i},{i % 2}" for i in range(60)) + "\n")
    written = {"--html": tmp_path / "t.html", "--save": tmp_path / "t.json"}

    done = run(cli.app, ["profile", str(tmp_path / "t.csv"), *(str(p) for pair in written.items() for p in pair)])

    assert "60 rows, 2 columns" in done.stdout
    assert written["--html"].read_text().startswith("<!doctype html>")
    assert wb.Profile.load(written["--save"]).rows == 60
