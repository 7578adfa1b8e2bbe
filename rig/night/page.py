"""The page of a night: what needs a person, every slot's work, and the nights before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from rig.night.compare import baseline, series_of
from rig.night.slotnight import PLANTED
from rig.night.summary import Ended, Hit, NightCode, NightSummary, Piece, SlotNight
from rig.qa.charts_control import control
from rig.qa.golden import LEAST_RUNS
from rig.qa.page import Figure, Table, render, rows_of
from rig.qa.words import count, minutes, number, signed

MOST_CHARTS = 8
_GLANCE = ("self-test", "instruments", "golden run", "drift")
_WORDS = {
    NightCode.GOOD: "all is well",
    NightCode.FAILED: "a board or a check failed",
    NightCode.STATION_FAULT: "a fault of the station",
    NightCode.STOPPED: "stopped by a person",
}


def night_page(night: NightSummary, before: Sequence[NightSummary]) -> str:
    """``before``: the nights that it was held against, first to last."""
    every = [*before, night]
    figures = [
        _slots(night), *_hits(night), *_charts(night, before), _nights(every), _work(night),
        _measured(night, before), *_elsewhere(night),
    ]
    return render("night.html.j2", {
        "title": f"Night of {night.started:%Y-%m-%d}, {night.site}: {_WORDS[night.code]}",
        "sub": f"{night.host} · {night.started:%H:%M} to {night.ended:%H:%M} UTC · "
               f"exit code {night.code.value} · held against {night.nights} nights",
        "simulated": bool(night.slots) and all(slot.simulated for slot in night.slots),
        "warnings": [f"{place}: its board may be on" for place in night.left_on],
        "needs": list(_needs(night)),
        "note": "A rule that is met against the nights before is told below; here stands only what chance "
                "does not explain.",
        "tiles": _tiles(night),
        "figures": figures,
        "foot": f"rig {night.rig_version}, made {night.ended:%Y-%m-%d %H:%M} UTC. Definitions: docs/lab.md.",
    })


def _needs(night: NightSummary) -> Iterator[tuple[str, str, str]]:
    for slot in night.slots:
        if slot.left_on:
            yield slot.place, slot.power, "Do not touch the board; look at the guard and the supply first."
    for ended, do in ((Ended.STATION, "Mend the station before the next board."),
                      (Ended.FAILED, "Run it again; rig show tells everything of its run.")):
        for slot, piece in night.pieces:
            if piece.ended is ended:
                yield f"{slot.place}, {piece.name}", _says(piece), do
    for hit in night.hits:
        if hit.grave:
            yield f"{hit.about} of {hit.where}", hit.says, "Look at contacts, cable and calibration."


def _says(piece: Piece) -> str:
    return f"{piece.code}: {piece.says}" if piece.code and piece.code not in piece.says else piece.says


def _tiles(night: NightSummary) -> list[tuple[str, str]]:
    worked = sum(any(piece.ended is not Ended.NOT_DONE for piece in slot.pieces) for slot in night.slots)
    return [
        (f"{worked} of {len(night.slots)}", "slots at work"),
        (count(night.count(Ended.GOOD)), "pieces of work good"),
        (count(night.count(Ended.FAILED)), "failed"),
        (count(night.count(Ended.STATION)), "station faults"),
        (count(night.count(Ended.PREEMPTED)), "pre-empted by production"),
        (count(night.count(Ended.NOT_DONE)), "not done"),
        (count(len(night.left_on)), "boards left on"),
        (minutes(night.seconds), "the whole night"),
    ]


def _slots(night: NightSummary) -> Figure:
    """A row a slot; what was planted stands under one heading."""
    rows = []
    for slot in night.slots:
        ends = {piece.name: piece.ended.value for piece in slot.pieces}
        planted = [f"{name.removeprefix(PLANTED)} {ended}" for name, ended in ends.items()
                   if name.startswith(PLANTED)]
        refused = f": {ends['place']}" if "place" in ends else ""
        rows.append((
            slot.place + refused, slot.serial, *(ends.get(name, "–") for name in _GLANCE),
            ", ".join(planted) or "–", "may be on" if slot.left_on else slot.power,
            minutes(slot.seconds),
        ))
    table = rows_of(rows, "place", "board", *_GLANCE, "planted", "power at the end", "time",
                    numeric=[len(_GLANCE) + 4])
    return Figure("Slots", table, file="slots")


def _work(night: NightSummary) -> Figure:
    rows = [
        (slot.place, slot.serial, piece.name, piece.ended.value, _says(piece), minutes(piece.seconds),
         piece.run_id or "–")
        for slot in night.slots for piece in [*slot.pieces, _power(slot)]
    ]
    table = rows_of(rows, "place", "board", "work", "ended", "says", "time", "run", numeric=[5])
    return Figure("Work", table, file="work")


def _power(slot: SlotNight) -> Piece:
    return Piece(name="board off", ended=Ended.STATION if slot.left_on else Ended.GOOD, says=slot.power)


def _hits(night: NightSummary) -> list[Figure]:
    if not night.hits:
        return []
    table = rows_of([(hit.about, hit.where, hit.says, hit.n) for hit in night.hits],
                    "what", "where", "tonight", "nights", numeric=[3])
    return [Figure("Rules that are met", table, file="rules")]


def _charts(night: NightSummary, before: Sequence[NightSummary]) -> Iterator[Figure]:
    """The series that stand out, as the charts they were judged by."""
    hit_by: dict[tuple[str, str], Hit] = {(hit.about, hit.where): hit for hit in night.hits}
    shown = [one for one in series_of(night, before)
             if (one.about, one.where) in hit_by and len(one.values) > LEAST_RUNS][:MOST_CHARTS]
    for one in shown:
        usual, last = baseline(one.values[:-1]), len(one.values) - 1
        limits = (usual.mean, usual.mean - 3 * usual.sigma, usual.mean + 3 * usual.sigma)
        names = [f"{last - at} before" if at < last else "tonight" for at in range(last + 1)]
        drawn: Markup = control(names, one.values, limits, {last: hit_by[one.about, one.where].says}, "")
        yield Figure(f"{one.about}, {one.where}", drawn, "Mean and three sigmas of the nights before.",
                     wide=False)


def _measured(night: NightSummary, before: Sequence[NightSummary]) -> Figure:
    rows = []
    for one in series_of(night, before):
        past = one.values[:-1]
        usual = baseline(past) if len(past) >= 2 else None
        rows.append((
            one.where, one.about, number(one.values[-1], 5), "–" if usual is None else number(usual.mean, 5),
            "–" if usual is None else signed(usual.z(one.values[-1])), len(past),
        ))
    table: Table = rows_of(rows, "where", "what", "tonight", "mean before", "sigmas off", "nights",
                           numeric=[2, 3, 4, 5])
    return Figure("Measured", table, file="measured")


def _nights(every: Sequence[NightSummary]) -> Figure:
    rows = [
        (f"{night.started:%Y-%m-%d %H:%M}", len(night.slots), *(night.count(ended) for ended in Ended),
         len(night.left_on), len(night.hits), minutes(night.seconds), _WORDS[night.code])
        for night in reversed(every)
    ]
    table = rows_of(rows, "night", "slots", *(ended.value for ended in Ended), "left on", "rules", "time",
                    "came to", numeric=range(1, 10))
    return Figure("Nights", table, file="nights")


def _elsewhere(night: NightSummary) -> list[Figure]:
    if not night.elsewhere:
        return []
    table = rows_of([(one,) for one in night.elsewhere], "bench")
    return [Figure("At other computers", table, "The night of a bench is run on its own computer.")]
