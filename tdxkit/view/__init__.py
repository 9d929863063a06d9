"""Pictures: the only place that knows ipywidgets, anywidget, plotly and networkx. Each has a text twin, `str(view)`.

kit/ is what they are made of, stepper/ the step player; every other module is one picture or one board.
"""

from tdxkit.doors import door

__all__, __getattr__ = door(
    __name__,
    **{
        "stepper": "Stepper",
        "region_picture": "region",
        "pamt_picture": "Spot picture_of tree",
        "host_picture": "host",
        "editor.code_view": "c_function code",
        "xarray_picture": "xarray",
        "kit.bits": "bits",
        "found": "verdict_of",
        "questions": "answers gate",
        "tasks": "exercise",
        "words_list": "words",
        "wrong_sentence": "this_is_wrong",
        "contention_board": "Contention",
        "counter_board": "CounterBoard",
        "decoder": "LogDecoder StatusDecoder",
        "life_bar": "counts_chart",
        "life_board": "LifeBoard",
        "lockup_board": "LockupBoard",
        "lockup_picture": "watchdog_picture",
        "lockup_reader": "report_reader",
        "msr_board": "Switchboard trace_reader",
        "own_board": "judge_own",
        "patch_switches": "PatchSwitches",
        "range_board": "RangeBoard",
        "seamcall_board": "SeamcallBoard",
        "series_board": "review_series",
        "sizes_board": "SizesBoard",
        "two_calls_board": "TwoCallsBoard",
        "two_tds_board": "RegionBoard",
        "write_board": "write_own",
        "progress_board": "progress",
        "kit.card_view": "cards",
        "kit.charts": "bars lines",
        "kit.sources_view": "sources",
        "kit.live": "static",
        "kit.tables": "table",
    },
)
