"""The codes of findings: one registry, from which checks, findings and ``FINDINGS.md`` beside it follow.

``python -m workbench.core.codes > workbench/core/FINDINGS.md`` writes the document; a test compares it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.errors import BadParameter

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

KINDS = {"1": "Tables", "2": "Training and explanation", "3": "Monitoring and fairness"}


@dataclass(frozen=True)
class FindingCode:
    """What a code stands for.

    Parameters
    ----------
    code : str
        Stable and linkable, such as ``WB101``; its first digit is the stage, as in ``KINDS``.
    title : str
        A few words.
    severities : tuple of str
        Those that its findings may have.
    text : str
        What it means and what to do, in Markdown.
    """

    code: str
    title: str
    severities: tuple[Severity, ...]
    text: str

    @property
    def anchor(self) -> str:
        """Of its section in ``FINDINGS.md``."""
        return self.code.lower()


ALL: tuple[FindingCode, ...] = (
    FindingCode("WB101", "Constant", ("warning",),
                "Columns with one value, or none."),
    FindingCode("WB102", "Near constant", ("info",),
                "Columns in which one value fills nearly all rows: 97% of two levels or of categories, 99% of "
                "numbers."),
    FindingCode("WB103", "Mostly missing", ("warning",),
                "Columns that are empty in more than half of the rows."),
    FindingCode("WB104", "Missing together", ("info",),
                "Groups of columns that are empty in exactly the same rows."),
    FindingCode("WB105", "Duplicate rows", ("info",),
                "Rows that equal an earlier row."),
    FindingCode("WB106", "Duplicate column", ("warning", "info"),
                "Columns with the same value as an earlier one in every row."),
    FindingCode("WB107", "Identifier", ("warning",),
                "Columns that name a row instead of describing it."),
    FindingCode("WB108", "Sentinel", ("warning", "info"),
                "Numbers or dates that stand for a missing value, such as -999."),
    FindingCode("WB109", "Number or date kept as text", ("warning", "info"),
                "Numbers and dates that are written as text in so many ways, such as with several units, that none of "
                "them reads the column."),
    FindingCode("WB110", "Spellings of one category", ("warning",),
                "Categories that differ in case, blanks or punctuation only."),
    FindingCode("WB111", "Infinities", ("warning",),
                "Columns with infinite numbers."),
    FindingCode("WB112", "Outliers", ("info",),
                "Few numbers that lie 15 times the middle half's width away from it; of positive numbers with a long "
                "tail the logarithms are looked at too."),
    FindingCode("WB113", "Skewed", ("info",),
                "Numbers with a long tail."),
    FindingCode("WB114", "Imbalanced target", ("info",),
                "A target with a rare class."),
    FindingCode("WB115", "Capped values", ("warning", "info"),
                "Numbers that pile up at their smallest or largest value."),
    FindingCode("WB116", "Many values", ("info",),
                "Free texts, of which a model reads the words, and texts with so many values that the mean of the "
                "target stands for each."),
    FindingCode("WB117", "Follows the clock", ("warning",),
                "Columns that grow with the time column, so that the values to come are never seen in training."),
    FindingCode("WB118", "Mixed types", ("warning",),
                "Texts that are partly numbers."),
    FindingCode("WB119", "Future dates", ("warning",),
                "Dates that lie after today."),
    FindingCode("WB120", "Leak of the target", ("error", "info"),
                "Columns that are known only with the outcome: one that predicts the target almost perfectly on "
                "held-out halves, one that is empty where the target is empty, or two or three numbers that together "
                "give the target exactly. A model that uses them is excellent in training and useless in production. "
                "Mark them with `data.known_after(...)`."),
    FindingCode("WB121", "Personal data", ("warning", "info"),
                "Columns with e-mail addresses, phone, card or social security numbers, IBANs, names of persons, IP "
                "or web addresses, and texts some of which hold e-mail addresses, phone or card numbers or IBANs (two "
                "of them, or one in a hundred). Cards and IBANs are known by their checksums. The values are masked "
                "before anything is shown or saved; `wb.profile(…, show_sensitive=True)` shows them. Columns that "
                "name persons directly (e-mail, phone, card and social security numbers, IBANs, texts with them) get "
                "the role *personal* and are no features: a model that learns them learns persons, and its files "
                'would hold them. `data.with_personal("email", reason="…")` makes one a feature all the same; the '
                "reason goes on the card. Other personal columns are features until `data.without(...)`."),
    FindingCode("WB122", "Order of the rows", ("info",),
                "Dates, or numbers, that go with the order of the rows although no column is named as the time. A "
                "split at random would train on the future and test on the past; name the time with `wb.dataset(…, "
                "time=…)`."),
    FindingCode("WB123", "Many zeros", ("info",),
                "Numbers that are zero far more often than anything else, and spread out where they are not: whether "
                "there is something, and how much, are two questions. A column that says which rows are zero helps "
                "linear models."),
    FindingCode("WB124", "Yes and no in words", ("info",),
                "Categories that are a yes and a no, in any language and spelling. Training takes them as categories, "
                "which is right for two values; several spellings of one of them would be told as WB110."),
    FindingCode("WB125", "Gap in the dates", ("info",),
                "A long stretch without any date, out of proportion to the usual step: an export that stopped, a "
                "table that was joined from two."),
    FindingCode("WB126", "Nested values", ("warning",),
                "Lists or records within cells. They are taken as texts, so that nothing breaks; to use them, unfold "
                "them into columns first."),
    FindingCode("WB127", "Rows in both tables", ("warning",),
                "Rows of one table that are in the other too: a test set that holds rows of the training set praises "
                "whatever has learnt them by heart. Told by `profile.compare(other)`, from the hashes that each "
                "profile keeps."),
    FindingCode("WB128", "Words for missing", ("warning", "info"),
                "Words such as - or n.d. that were taken to mean a missing value in this column; a *warning* for the "
                "target, whose rows are lost then. Where they are values, read the table with "
                "`missing={column: []}`."),
    FindingCode("WB129", "Not read", ("warning",),
                "Values of a column of numbers, dates or truth values that are none: they are missing in the dataset, "
                "the file is as it was. Correct them there, or accept them with `missing={column: [...]}`."),
    FindingCode("WB130", "No header", ("warning",),
                "A file whose first row holds values as the others do, instead of the names of the columns. Where that "
                "is sure no row becomes names, and the columns are called `column_1`, `column_2` and so on; where the "
                "names only look like values (years, a numbering) they are kept. `wb.dataset(path, header=False)` or "
                "`header=True` settles it."),
    FindingCode("WB131", "Rows of another length", ("warning",),
                "Rows of a file that have fewer values than there are columns: the last ones are taken as missing, and "
                "the lines are named. A row with more values than columns is an error, since nobody can tell which "
                "belongs where."),
    FindingCode("WB132", "Laid out unusually", ("info",),
                "What a file has beside its table, and what was done with it: title lines above the header, separators "
                "behind the last value, names of rows or a saved index in a column without a name, lines below the "
                "last row, units below the names, an encoding that was found by what the text looks like. The cure "
                "says the same in the call, so that it is no guess any more."),
    FindingCode("WB138", "Written in a way of its own", ("info",),
                "Numbers and dates that are not written as programs write them: with a decimal comma, marks between "
                "thousands, units, days before months. They were read so, and later rows are. Where they can be meant "
                "in two ways, the finding shows one as it was read; `decimal=` or `dates=` settles it."),
    FindingCode("WB139", "Nearly the target", ("warning",),
                "Two or three numbers whose plain sum is the target but for a little, such as fare, tip and tolls "
                "beside a total; or a column that tells a class of which there are fewer than 20 rows. Such columns "
                "may be known only with the outcome, and may as well be honest: they stay features, and training says "
                "what the score is without them (WB206). Mark them with `data.known_after(...)` where they are known "
                "only afterwards."),
    FindingCode("WB133", "One to one", ("info",),
                "Columns of few values that go with each other one to one, as a code and its name do, or of which one "
                "determines another, as a city its country. Of a pair that goes one to one a model needs one: the "
                "cure leaves the other out."),
    FindingCode("WB134", "Pairs left out", ("info",),
                "Tables of more than 200 columns that can go together have more than 19,900 pairs of them. All columns "
                "are looked at one by one; of the pairs only those that a screen on some rows found strongest are, and "
                "the finding says how many are not. Profile the columns that you mean to see all of their pairs."),
    FindingCode("WB135", "Parts of a date", ("info",),
                "Year, month, day and perhaps hour in columns of their own, and no column named as the time. The cure "
                "makes moments of them and names these as the time."),
    FindingCode("WB136", "Non-response", ("info",),
                "Rows in which a whole block of columns has no value, as of people who left every question blank, and "
                "whose outcome differs from that of the others. That somebody did not answer says one thing, once: "
                "none of these columns is a leak for it. The cure keeps it in one column of its own."),
    FindingCode("WB137", "Target can be read in two ways", ("info", "warning"),
                "Whole numbers as a target, such as scores from 3 to 8, are classes or a number: their name, their "
                "range and how often each comes decide. The finding says which was taken and why; the cure takes the "
                "other."),
    FindingCode("WB150", "Differs from the reference", ("warning",),
                "Columns in which two compared tables differ by more than chance, and enough to matter."),
    FindingCode("WB151", "Another kind of values", ("error",),
                "Columns that hold, say, numbers in the reference and texts in the table compared with it."),
    FindingCode("WB152", "In one table only", ("error", "info"),
                "Columns that only one of two compared tables has."),
    FindingCode("WB160", "Feature absent", ("error",),
                "Features of a contract that a table lacks."),
    FindingCode("WB161", "Another kind than the contract says", ("error",),
                "Rows whose value can't be read as the contract's kind: text in a number, a broken number in a count."),
    FindingCode("WB162", "Missing though not allowed", ("error",),
                "Rows without a value in a column that allows no gap."),
    FindingCode("WB163", "Out of the usual range", ("warning",),
                "Rows with a number outside the range of the contract; they are scored and flagged."),
    FindingCode("WB164", "Values the contract does not know", ("warning",),
                "Rows with a category that was not there when the contract was made; they are scored and flagged."),
    FindingCode("WB165", "Column the contract does not know", ("info",),
                "Columns of a table that the contract lacks; they are left alone."),
    FindingCode("WB199", "A check failed", ("info",),
                "One of our own checks could not cope with this table; the others are not affected. Please report it "
                "with the table's kinds of columns."),
    FindingCode("WB201", "Rows in time", ("info",),
                "Nobody named a time, and the rows come in time all the same: a date or its parts say when, a counter "
                "or hours come round, or the target is like that of the row before. So each score is of rows that came "
                "after the ones the model was fitted on. The message says what rows drawn at random would have "
                "promised; where rows to come will be like these and not later, the cure draws them so."),
    FindingCode("WB202", "No better than the baseline", ("warning",),
                "No candidate scores better than the one that always gives the commonest class or the mean. The "
                "features say nothing about the target, or those that did were left out, which the message then says: "
                "look for others before the model is used."),
    FindingCode("WB203", "Rows without a target", ("info",),
                "Rows whose target has no value, or whose weight is 0, were not used, neither to train nor to score."),
    FindingCode("WB204", "A simpler model is as good", ("info",),
                "A simpler candidate scores as well as the best one, within the noise: on samples of the same rows it "
                "is no worse in one of twenty, or it is better on a fold. It is smaller and easier to explain; the "
                "cure trains it alone."),
    FindingCode("WB205", "Rows that belong together", ("info",),
                "Nobody named a group, and a column says whose row it is all the same: its values come again and tell "
                "most other columns. So no one's rows are on both sides of the split. The message says what rows drawn "
                "at random would have promised; where the same ones come again, the cure draws them so."),
    FindingCode("WB206", "Suspicious features", ("warning",),
                "The model uses columns that nearly give the target (WB139). The message says what it scores without "
                "them. If they are known only with the outcome, the cure keeps them out."),
    FindingCode("WB207", "Stopped early", ("warning",),
                "Somebody stopped the training. The run can be used: its model is the best one so far, fitted on the "
                "rows that the message says, and its scores are of this very model on rows that it has not seen. What "
                "was not tried is counted; the cure goes on from there to the end."),
    FindingCode("WB208", "A candidate failed", ("warning",),
                "A candidate could not be fitted or asked; the message has its library's own words. The others were "
                "tried as if it had not been named."),
    FindingCode("WB209", "The model can't be kept", ("warning", "info"),
                "The best candidate is made of types that are not on the list of those that are read back without "
                "running anybody's code: classes and functions of a notebook, or a library that only pickles. Where it "
                "has exact tables, as models of XGBoost and CatBoost have, these are kept in its place: a run that is "
                "read back answers, explains and ships by them. Else the run holds the model as long as the session "
                "lives; its scores and findings are kept. Build the candidate of scikit-learn's or LightGBM's types "
                "then."),
    FindingCode("WB210", "Reasons miss the model", ("error",),
                "The values of an explanation and its base do not add up to the model's own output. Don't rely on "
                "them; a simpler candidate has exact ones."),
    FindingCode("WB211", "A budget of time", ("info",),
                "The training was given a budget. The message says how many settings of boosting were tried in it: the "
                "one thing that depends on the clock. The cure tries as many without one, and gives the same model."),
    FindingCode("WB212", "No threshold fulfils the rule", ("warning",),
                "On the validated rows no threshold has the precision that was asked for, so the one with the best F1 "
                "decides. Ask for less, or give the model better columns."),
    FindingCode("WB213", "Intervals hold less than they say", ("warning",),
                "The intervals of predictions, or the sets of classes, hold the truth of nine in ten validated rows "
                "and of clearly fewer held-out ones. Those are later, or of other groups, and differ from what was "
                "learnt: expect the same of rows to come."),
    FindingCode("WB214", "Probabilities are off", ("warning",),
                "Of validated rows with a probability of 30%, clearly more or fewer than three in ten came true, which "
                "chance does in one of a hundred tables. Ranks (ROC AUC) do not mind; costs and thresholds do. The "
                "cure puts a calibrator behind the model where that helps."),
    FindingCode("WB215", "Scores of clones", ("info",),
                "A pipeline was adopted without rows that it has not seen. Nobody can know which rows it was fitted "
                "on, so clones of it were fitted and scored as candidates of a training are: the score is of what "
                "makes such a pipeline. The cure scores the pipeline itself, on rows of yours that are new to it."),
    FindingCode("WB216", "Held-out rows that are known", ("warning",),
                "Rows of the hold-out that was given equal rows of the data in every feature and in the target. A "
                "pipeline that was fitted on those knows the answer."),
    FindingCode("WB217", "A doubtful column is taken", ("warning",),
                "An adopted pipeline takes a column that a training would have left out, such as one that gives the "
                "target away or is known only afterwards. Its score may not hold where the column is not known yet."),
    FindingCode("WB218", "Weights that were not taken", ("warning",),
                "Rows have weights, or classes do, and a candidate was fitted without them, since its `fit` takes no "
                "`sample_weight` or it has no `class_weight`; or the score that decides takes none. Everything else "
                "counts rows by their weights. Give another candidate or score, or pass the weights on in your own."),
    FindingCode("WB219", "Classes count differently", ("info",),
                "`class_weight=` lets rows of some classes count more in the fit, so the model answers as if these "
                "classes were more frequent than they are: its probabilities are too large for them. The scores, and "
                "the threshold, are found on rows as they come. The cure puts a calibrator behind the model, which "
                "sets the probabilities right."),
    FindingCode("WB220", "Chosen by hand", ("info",),
                "Somebody kept another candidate than the training did. Its score on the hold-out is its own, of rows "
                "that it has not seen. But a hold-out tells the truth once: who looks at several scores there, and "
                "takes the best, has one that is a little too good. The message says which it has scored."),
    FindingCode("WB221", "Columns that tell nothing", ("info", "warning"),
                "With `feature_selection=\"probes\"` each column is measured against shuffled copies of itself, on the "
                "rows that the folds fit on. Those that tell no more are left out, and the message says what LightGBM "
                "scores in validation with them and without. Where no column tells more, all are kept, and it is a "
                "warning: the score is likely to be that of the baseline."),
    FindingCode("WB222", "The clock is a feature", ("info",),
                "Rows come in time, and a date or a counter that grows with them is a feature all the same: its "
                "months, weekdays and hours come again, the days to another date differ from row to row, and a line "
                "goes on through its days. Its values to come are never seen in training, so that is done only where "
                "candidates with it answer later rows better on every fold, by more than chance. The cure leaves it "
                "out."),
    FindingCode("WB223", "A line below the trees", ("info",),
                "Rows come in time, and the best model is a line through all columns with boosted trees on what it "
                "leaves. Trees answer within the numbers that they have seen; where the target drifts, or a column "
                "that it goes with, rows to come lie beyond. It is the best only where later rows say so on every "
                "fold, by more than chance. The cure leaves it out."),
    FindingCode("WB224", "Classes that may come in an order", ("info",),
                "The classes are whole numbers that follow each other, and the target is called as grades, ratings and "
                "stages are. Read as classes, an answer that is off by one counts as much as one that is off by five. "
                "`wb.dataset(…, task=\"ordinal\")` scores by quadratic weighted kappa and by how many ranks answers "
                "are off, and a candidate `ordinal` asks for each boundary between the classes."),
    FindingCode("WB225", "Learnt as a count", ("info",),
                "The target holds counts of a few things: whole numbers from 0 on that are called so or fall off as "
                "counts do. Their spread grows with their mean, so they are learnt by Poisson's loss, on a log scale, "
                "and no prediction is below 0. The score that decides stays RMSE; the cure learns them as any other "
                "number."),
    FindingCode("WB226", "Rows of rare classes left out", ("warning",),
                "Classes of several that have fewer rows than validation needs, twice the folds. They can't be learnt "
                "and their scores can't be told, so their rows were not used, and the model never answers them. Merge "
                "them with others, such as into *other*, or collect more rows."),
    FindingCode("WB227", "Another share lies below", ("warning",),
                "A quantile, or the median, was asked for, and clearly more or fewer of the held-out rows lie at or "
                "below their predictions, which chance does in one of a hundred tables. Rows that come later, or are "
                "of other groups, differ so; and where many rows have one value, as counts do, no number parts them "
                "as was asked."),
    FindingCode("WB228", "A candidate was not tried", ("info",),
                "Lines through medians and quantiles are found by a linear program, which takes the square of the rows "
                "in time; of more than 10,000 rows they are not tried beside others. The cure tries them alone."),
    FindingCode("WB229", "A budget that is too short", ("warning",),
                "The training was given a budget, and the first setting of a candidate, with what follows it, would "
                "not have ended in it: the candidate was left out, or no trend was looked for. What is on the "
                "leaderboard is complete. The cure gives twice the time; fewer rows (`data.take(…)`) take less, too."),
    FindingCode("WB230", "Rows that count differently", ("info",),
                "A column says how much each row counts. Each column of the profile then has its mean, quantiles and "
                "shares by weight beside those of the rows, of up to 20,000 sampled ones, with how far shares may be "
                "off. Findings, comparisons and what a bundle watches drift by count rows, for later rows come "
                "without weights."),
    FindingCode("WB231", "No ensemble", ("info",),
        "An ensemble was asked for, and one candidate alone is best, or the only one. The leaderboard has no row of an "
        "ensemble."),
    FindingCode("WB232", "Stretches of time differ", ("info",),
                "Rows come in time, and the held-out stretch and those before it have scores so far apart that the "
                "score of one says little of the next: its interval is wider than 0.2 of a share, or its ends differ "
                "by more than a factor of 2.5. That is what seasons do, or a drift. Plan with the interval, not with "
                "the score."),
    FindingCode("WB235", "Reasons are sampled", ("info",),
                "The model has no tables from which exact values follow, or none that could be asked in this way, so "
                "its reasons are the mean of many orders in which the columns took their values: each has an interval. "
                "Samples end when the order of the columns is stable and the intervals are small beside the strongest "
                "column, after 256 draws at most. Fewer `rows` cost less."),
    FindingCode("WB236", "Columns that say the same", ("info",),
                "Two columns or more are nearly functions of each other, so what one adds to a prediction another "
                "could have added: how the effect is shared out among them is chance. Read their values together, as "
                "`explanation.together()` adds them up, or leave all but one out of the training."),
    FindingCode("WB237", "Reasons changed", ("info", "warning"),
                "Columns weigh otherwise than in the explanation that it was compared with, by more than chance: the "
                "rows are others than those (warning), or the model is (info). A column that speaks the other way now "
                "is worth a look first. One false-alarm rate holds for all columns and segments together."),
    FindingCode("WB238", "Correlated columns", ("warning",),
                "The effect of a column that goes with others, by partial dependence: it asks about rows that don't "
                "exist, such as tall persons of little weight. Accumulated local effects ask about none; read those."),
    FindingCode("WB239", "A straight line fits badly", ("warning",),
                "A local linear surrogate (LIME) that follows the model badly near the row. Its weights say little; "
                "read the SHAP values, which add up to the model's own answer."),
    FindingCode("WB240", "No other answer found", ("info",),
                "No row with so few changes to values that exist has the wanted answer. Allow more changes or "
                "columns, or want less."),
    FindingCode("WB244", "Labels that contradict each other", ("warning",),
                "Rows of a window that have had several labels. The last one counts, once; the others are kept with "
                "their times. Withdraw what is wrong with `wb.feedback(…, withdraw=True)` and give it again."),
    FindingCode("WB247", "No estimated score", ("info",),
                "Windows without labels whose score is not estimated, because the bundle tells nothing of it: an older "
                "version packaged it, too few rows were validated, or it knows more than 30 classes. Train and package "
                "again."),
    FindingCode("WB301", "Alarm", ("error", "warning"),
                "Windows in which the drift of a column or of the predictions, or the loss of performance, is beyond "
                "chance and large enough to matter. Windows of one kind of signal and one direction make one "
                "incident, with its cause, until three windows in a row are without it. It is an error while the "
                "newest window is part of it; `wb.incident` says what people made of it. The cure retrains on new "
                "rows."),
    FindingCode("WB302", "Warning", ("warning",),
                "Windows that differ from the reference by more than chance, though not enough for an alarm."),
    FindingCode("WB303", "The version before may help", ("warning",),
                "The version that answers is in alarm, and another answered before it. The cure goes back."),
    FindingCode("WB304", "Windows without labels", ("info",),
                "Windows without a single label: their performance is not known, only their drift. Send labels when "
                "they come, with `wb.feedback`."),
    FindingCode("WB305", "Weights are not seen", ("info",),
                "The training counted rows by a weight, which a service never sees: windows count each row the same. "
                "They are compared with the score of the hold-out that does so too, not with the weighted one."),
    FindingCode("WB308", "Groups are answered differently", ("warning", "info"),
                "Groups of a column whose rates, errors or calibration differ from those of all other held-out rows by "
                "more than chance, at one false-alarm rate for all groups and measures (Holm). A *warning* where a gap "
                "is as large as is usually looked into: selection rates below four fifths of the largest, other rates "
                "a tenth apart. Whether a difference is unfair no number says. The cure trains on rows whose weights "
                "make group and outcome independent; `wb.fairness(run, by, reweigh=True)` tells what that costs."),
    FindingCode("WB309", "Groups too small to judge", ("info",),
                "Groups with so few rows that their rates say little. They are shown with their intervals, and neither "
                "tested nor part of a gap. Collect more rows of them, or put groups together that belong together."),
    FindingCode("WB310", "Features tell the groups", ("info",),
                "A column that is no feature, whose groups the features tell all the same. So leaving it out does not "
                "keep the model from answering its groups differently, and such a difference must be looked for."),
    FindingCode("WB311", "A group is answered differently than before", ("warning",),
                "Windows in which the distance of a group's rate to that of all other rows is another than it was on "
                "the training's hold-out, by more than chance and by a tenth or more. Rates of answers need no labels, "
                "the others are of rows whose label is known. Followed are the groups that the bundle was packaged "
                "with, `wb.package(run, fairness=…)`."),
    FindingCode("WB312", "Reasons changed in a window", ("warning", "info"),
                "Windows in which a column adds otherwise to the predictions than it did when the model was packaged: "
                "its mean absolute SHAP value, its direction or the spread of its values, by more than chance and by "
                "enough to matter, at the one false-alarm rate of the report. It also sees what no column shows by "
                "itself: that columns go together otherwise. A *warning* where the window is in alarm or warning, "
                "*info* where its score held."),
    FindingCode("WB313", "Reasons are not followed", ("info",),
                "Windows whose reasons are not compared with those that ship, and why: the bundle was packaged without "
                "an explanation, with one of too few rows or made another way than its tables do, its model has no "
                "tables, or the service's log keeps no value of a sensitive column. The cure explains and packages "
                "again."),
    FindingCode("WB315", "Groups that windows do not know", ("info",),
                "Windows whose rows came without a column whose groups the bundle tells of, so that nothing is told of "
                "them. A service keeps sensitive values as hashes: of categories they still tell the group, of "
                "numbers not the part. Batches that `wb.score` takes have the values themselves."),
    FindingCode("WB320", "Rows that a version was trained on", ("warning", "info"),
                "Rows that a comparison of two versions left out, since one of the two was trained on them: a bundle "
                "keeps a sketch of the hashes of its rows (12 bits each), which finds every one of them and takes at "
                "most 1 new row in 200 for one. Where rows hold so little that new ones equal old ones by chance, ids "
                "and moments count, too. A *warning* where it is more than half of the table."),
    FindingCode("WB321", "Rows that a version was trained on are not known", ("info",),
                "A version of which it is not known which rows it was trained on: it was packaged by an older version "
                "of Workbench, or all its columns are sensitive. Of it is known whether a table is the very one that "
                "it was trained on, not whether it is a part of it."),
)  # fmt: skip
CODES = {one.code: one for one in ALL}


def check_code(code: str, severity: str) -> None:
    """Refuse a finding that the registry does not know.

    Raises
    ------
    BadParameter
        If there is no such code, or its findings have other severities.

    Examples
    --------
    >>> check_code("WB101", "warning")
    """
    known = CODES.get(code)
    if known is None:
        raise BadParameter(f"There is no finding {code!r}. Add it to workbench/core/codes.py, or use one of those.")
    if severity not in known.severities:
        allowed = " or ".join(known.severities)
        raise BadParameter(f"A finding {code} is {allowed}, got {severity!r}. Use that, or add it to its code.")


def document() -> str:
    """``FINDINGS.md``: a section for each code.

    >>> "## WB101 Constant" in document()
    True
    """
    sentence = "Each finding has a code, a severity, one sentence with its numbers, and mostly a cure that can be run."
    opening = f"# Findings\n\n{sentence}\n"
    kinds = "".join(f"- WB{digit}xx: {stage.lower()}\n" for digit, stage in KINDS.items())
    return "\n".join((opening, kinds, *map(_section, ALL)))


def _section(one: FindingCode) -> str:
    severity = " or ".join(one.severities).capitalize()
    return f'<a id="{one.anchor}"></a>\n\n## {one.code} {one.title}\n\n*{severity}.* {one.text}\n'


if __name__ == "__main__":
    print(document(), end="")
