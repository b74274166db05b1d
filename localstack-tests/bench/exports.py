"""How soon a collector has what exporters changed."""

import gzip
import json
import os
import time

from harness import farm, free_port, push, say, scratch, wait_for

QUIET = 12  # seconds: what changes sooner after other changes is gathered with a pause
COLLECTOR = "collector.example.test"
MANIFEST = """node 'collector.example.test' { Notify <<| |>> }
node default { @@notify { $trusted['certname']: message => lookup('motto') } }
"""
HIERA = """version: 5
hierarchy:
- {name: nodes, path: "nodes/%{trusted.certname}.yaml"}
"""


def exporter(number):
    return f"web{number}.example.test"


def write_site(site, count):
    for directory in ("manifests", "data/nodes", "facts"):
        (site / directory).mkdir(parents=True)
    (site / "manifests/site.pp").write_text(MANIFEST)
    (site / "hiera.yaml").write_text(HIERA)
    for name in [COLLECTOR, *map(exporter, range(count))]:
        (site / f"facts/{name}.json").write_text(json.dumps({"name": name, "values": {}}))
    change(site, range(count), "at first")


def change(site, numbers, motto):
    for number in numbers:
        (site / f"data/nodes/{exporter(number)}.yaml").write_text(f"motto: {motto}\n")


def collected(data):
    """The digest of the collector's catalog, and the mottos in it."""
    pointer = data / f"store/pointers/production/{COLLECTOR}.json"
    if not pointer.exists() or not (catalog := json.loads(pointer.read_text())["catalog"]):
        return None, []
    with gzip.open(data / f"store/catalogs/{catalog['digest']}.json.gz") as file:
        resources = json.load(file)["resources"]
    return catalog["digest"], [it["parameters"]["message"] for it in resources if it["type"] == "Notify"]


def figures(options):
    """From the changed exporters' catalogs to the collector's that has them all."""
    results = {}
    with scratch() as directory:
        site, data, port = directory / "site", directory / "data", free_port()
        write_site(site, options.exporters)
        with farm(data, port):
            push(data, site)
            wait_for("the first catalogs", lambda: len(collected(data)[1]) == options.exporters)
            for count in sorted({1, min(100, options.exporters), options.exporters}):
                results[count] = changed(site, data, count)
    return results


def changed(site, data, count):
    motto, seen = f"{count} changed", set()

    def done():
        digest, mottos = collected(data)
        seen.add(digest)
        return mottos.count(motto) == count

    time.sleep(QUIET)
    seen.add(collected(data)[0])
    change(site, range(count), motto)
    push(data, site, "--no-wait")
    wait_for("the collector", done)
    written = lambda name: os.stat(data / f"store/pointers/production/{name}.json").st_mtime_ns / 1e6
    exported = sorted(written(exporter(number)) for number in range(count))
    last = written(COLLECTOR)
    figure = {"from_first_ms": last - exported[0], "from_last_ms": last - exported[-1], "catalogs": len(seen) - 1}
    say(f"exports: {count} exporters changed: the collector's catalog {figure['from_first_ms']:.0f} ms after the first of theirs, "
        f"{figure['from_last_ms']:.0f} ms after the last; {figure['catalogs']} catalogs of the collector on the way")
    return figure
