#!/usr/bin/env python3
"""Tables from the records of run.sh and peers.sh, one JSON object a line. Python's own library only.

A run gives one figure: the median of its epochs after the first (epoch, step), or the time of the
whole program (job). The figure of a contestant is the median over rounds; a ratio is the median of
the ratios within each round, since the machine may be faster in one round than in another.
"""

import argparse
import json
import re
import statistics
import sys


def figure_of(record, figure):
    if figure == "job":
        return record["wall"]
    seconds = statistics.median(record["run"]["seconds"][1:])
    return seconds if figure == "epoch" else seconds / steps_of(record) * 1e3


def steps_of(record):
    """Steps in an epoch, from nntrain's line "938 steps of 128 samples, 469 an epoch, ..."."""
    return int(re.search(r"([\d,]+) an epoch", record["run"]["training"])[1].replace(",", ""))


def gflop_of(record):
    """Of a step, if all layers were dense, from nntrain's lines "784-500 sigmoid-10 softmax, ..." and
    "938 steps of 128 samples, ...": two products of weights and one of inputs, but for the first layer."""
    widths = [int(layer) for layer in re.findall(r"(?:^|-)(\d+)", record["run"]["model"])]
    samples = int(re.search(r"of ([\d,]+) samples", record["run"]["training"])[1].replace(",", ""))
    products = sum(6 * a * b for a, b in zip(widths, widths[1:])) - 2 * widths[0] * widths[1]
    return samples * products * 1e-9


def state_of(record, far):
    """near, far or mixed: the cores' distance before and after a run."""
    trips = record["round_trip"]
    if record["cores"] < 2 or None in trips:
        return None
    if max(trips) < far:
        return "near"
    return "far" if min(trips) >= far else "mixed"


def median(values):
    return statistics.median(values) if values else None


def summary(name, records, figure, far):
    """What the table says about one contestant; `rounds` maps the number of a round to its figure."""
    own = [record for record in records if record["name"] == name]
    rounds = {record["round"]: figure_of(record, figure) for record in own}
    ratios = {}
    for column, other in own[0]["against"].items():
        theirs = {r["round"]: figure_of(r, figure) for r in records if r["name"] == other}
        ratios[column] = median([rounds[r] / theirs[r] for r in rounds if r in theirs])
    in_state = {s: [figure_of(r, figure) for r in own if state_of(r, far) == s] for s in ("near", "far")}
    return {
        "name": name,
        "cores": own[0]["cores"],
        "median": median(rounds.values()),
        "min": min(rounds.values()),
        "max": max(rounds.values()),
        "near": median(in_state["near"]),
        "far": median(in_state["far"]),
        "round_trip_ns": [trip for record in own for trip in record["round_trip"]],
        "others": median([record["others"] for record in own]),
        "ratios": ratios,
        "gflops": gflop_of(own[0]) / median(rounds.values()) * 1e3 if figure == "step" else None,
        "accuracy": own[-1]["run"]["accuracy"],
        "parameters": sorted({r["run"]["parameters"] for r in own if "parameters" in r["run"]}),
    }


def number(value, digits=3):
    """Significant digits, without an exponent; a dash for what there is not."""
    if value is None:
        return "-"
    return f"{value:.{max(0, digits - len(str(int(abs(value)))))}f}" if value >= 1 else f"{value:.3f}"


def trips_of(row):
    trips = [trip for trip in row["round_trip_ns"] if trip is not None]
    return f"{min(trips)}-{max(trips)}" if trips and row["cores"] > 1 else "-"


def hashes_of(row):
    """The beginning of the parameters' SHA-256: of each, if rounds differ."""
    return ", ".join(text.removeprefix("sha256 ")[:8] for text in row["parameters"]) or "-"


def print_rows(head, rows):
    print("|", " | ".join(head), "|")
    print("|", " | ".join(["---"] + ["---:"] * (len(head) - 1)), "|")
    for row in rows:
        print("|", " | ".join(row), "|")


def print_machine(machine):
    print(
        f"\n{machine['cpu']} (family {machine['family']}, model {machine['model']}), "
        f"{machine['cores']} cores, used: {machine['cores_used']}; Linux {machine['kernel']}; "
        f"load before: {machine['load_before']}; {machine['date']}; commit {machine['commit']}."
    )
    print("; ".join(machine["nntrain"]) + ".")


def table(arguments):
    """Markdown on standard output, all figures in a JSON file."""
    lines = [json.loads(line) for line in arguments.records]
    records = [line for line in lines if "name" in line]
    left_out = [line for line in lines if "left_out" in line]
    machine = json.load(arguments.machine)
    unit = "ms a step" if arguments.figure == "step" else "s"
    rows = [
        summary(name, records, arguments.figure, arguments.far)
        for name in dict.fromkeys(record["name"] for record in records)
    ]
    columns = list(dict.fromkeys(column for row in rows for column in row["ratios"]))
    versions = {}
    for record in records:
        versions.update(record["run"].get("versions", {}))

    print(f"## {arguments.title}\n")
    gflops = arguments.figure == "step"
    print_rows(
        ["run", f"{unit}, median", "lowest-highest"]
        + [f"against {column}" for column in columns]
        + [f"near, {unit}", f"far, {unit}", "round trip, ns", "others"]
        + ["dense GFLOP/s" if gflops else "accuracy", "parameters"],
        [
            [row["name"], number(row["median"]), f"{number(row['min'])}-{number(row['max'])}"]
            + [number(row["ratios"].get(column)) for column in columns]
            + [number(row["near"]), number(row["far"]), trips_of(row)]
            + [f"{100 * row['others']:.0f} %"]
            + [number(row["gflops"]) if gflops else f"{row['accuracy']:.4f}", hashes_of(row)]
            for row in rows
        ],
    )
    for line in left_out:
        print(f"\nLeft out: {line['left_out']}: {line['why']}.")
    print_machine(machine)
    if versions:
        print("Peers: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".")
    content = {"title": arguments.title, "figure": arguments.figure, "unit": unit, "machine": machine}
    content.update(versions=versions, left_out=left_out, results=rows, records=records)
    json.dump(content, arguments.json, indent=1)


def kernels(arguments):
    """The same for what bench_kernels prints: the limits of the core, then a line a kernel."""
    limits, *rows = [json.loads(line) for line in arguments.records]
    machine = json.load(arguments.machine)
    print(f"## {arguments.title}\n")
    print_rows(
        ["kernel", "shape", "code", "us, median", "lowest-highest", "GFLOP/s", "of the roofline"],
        [
            [row["kernel"], row["shape"], row["code"]]
            + [number(row["us"]), f"{number(row['us_min'])}-{number(row['us_max'])}"]
            + [number(row["gflops"] or None), f"{100 * row['of_roofline']:.0f} %"]
            for row in rows
        ],
    )
    print(f"\nOne core: {limits['peak_gflops']} GFLOP/s with {limits['instruction_set']}; it reads ", end="")
    print(", ".join(f"{b['kib']} KiB at {b['gb_per_s']:.0f}" for b in limits["bandwidth"]) + " GB/s.")
    print_machine(machine)
    content = {"title": arguments.title, "machine": machine, "limits": limits, "results": rows}
    json.dump(content, arguments.json, indent=1)


def line(arguments):
    """One record, in a few words."""
    record = json.loads(sys.stdin.readline())
    unit = "ms a step" if arguments.figure == "step" else "s"
    print(f"{number(figure_of(record, arguments.figure))} {unit}, round trip {record['round_trip']} ns, "
        f"others {100 * record['others']:.0f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in (("table", table), ("kernels", kernels), ("line", line)):
        command = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        if name != "kernels":
            command.add_argument("figure", choices=("epoch", "step", "job"))
        if name != "line":
            command.add_argument("records", type=argparse.FileType())
            command.add_argument("--title", required=True)
            command.add_argument("--machine", type=argparse.FileType(), required=True)
            command.add_argument("--json", type=argparse.FileType("w"), required=True)
            command.add_argument("--far", type=int, default=200)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
